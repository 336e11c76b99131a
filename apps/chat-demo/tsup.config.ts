import { library } from "../../tsup.base.ts";

export default library({ entry: ["src/cli.ts"], dts: false });
