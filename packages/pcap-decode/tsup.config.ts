import { defineConfig } from "tsup";
import { library } from "../../tsup.base.ts";

/** The libraries of the command line are CommonJS and ask for Node's modules when they are first used. */
const banner = `#!/usr/bin/env node
import { createRequire as $createRequire } from "node:module";
const require = $createRequire(import.meta.url);`;

export default defineConfig([
  // Both entry points share their modules: a packet that was sniffed is an instance of the main entry's class.
  library({ entry: { index: "src/index.ts", live: "src/live/index.ts" }, splitting: true }) as object,
  library({
    entry: { cli: "src/cli/main.ts" },
    // What needs socket-core is a file of its own, which is read when it is asked for.
    splitting: true,
    dts: false,
    clean: false,
    sourcemap: false,
    banner: { js: banner },
  }) as object,
]);
