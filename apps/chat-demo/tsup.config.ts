import { defineConfig } from "tsup";
import { library } from "../../tsup.base.ts";

export default defineConfig([
  library({ entry: ["src/cli.ts", "src/server.ts"], dts: false, clean: ["dist/*.js", "dist/*.map"] }) as object,
  // The page: everything in it, and what decodes packets in a file of its own that is fetched when it is needed.
  library({
    entry: {
      main: "src/page/main.ts",
      style: "src/page/style.css",
      index: "src/page/index.html",
      icon: "src/page/icon.svg",
    },
    outDir: "dist/page",
    platform: "browser",
    target: ["chrome123", "firefox120", "safari17.5"],
    dts: false,
    sourcemap: false,
    splitting: true,
    minify: true,
    noExternal: [/.*/],
    loader: { ".html": "copy", ".svg": "copy" },
  }) as object,
]);
