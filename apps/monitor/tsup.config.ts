import { defineConfig } from "tsup";
import { library } from "../../tsup.base.ts";

export default defineConfig([
  library({
    entry: { cli: "src/cli.ts", measure: "test/measure.ts", pictures: "test/pictures.ts" },
    external: ["playwright-core"],
    dts: false,
  }) as object,
  // The page and its worker: each one file with everything in it, so that the page may load nothing else.
  library({
    entry: { main: "src/page/main.ts", worker: "src/engine/worker.ts", style: "src/page/style.css" },
    outDir: "dist/page",
    // The other build empties the folder above.
    clean: false,
    publicDir: "public",
    platform: "browser",
    target: "es2023",
    noExternal: [/.*/],
    minify: true,
    sourcemap: false,
    dts: false,
  }) as object,
]);
