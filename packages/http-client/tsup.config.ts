import { library } from "../../tsup.base.ts";

// The command shares its code with the library instead of carrying a copy.
export default library({
  entry: ["src/index.ts", "src/cli.ts"],
  splitting: true,
  dts: { entry: "src/index.ts", compilerOptions: { ignoreDeprecations: "6.0" } },
});
