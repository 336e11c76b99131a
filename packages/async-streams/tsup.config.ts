import { library } from "../../tsup.base.ts";

// Both entry points share their modules: an error of a memoryPair is an instance of the main entry's class.
export default library({ entry: { index: "src/index.ts", testing: "src/testing/index.ts" }, splitting: true });
