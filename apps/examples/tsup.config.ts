import { library } from "../../tsup.base.ts";

export default library({ entry: ["src/*.ts"], dts: false });
