import { defineConfig, type Options } from "tsup";

/** The one build of every library here: ESM for Node 20.19 and later, with rolled-up declarations. */
export function library(options: Options = {}): ReturnType<typeof defineConfig> {
  return defineConfig({
    entry: ["src/index.ts"],
    format: ["esm"],
    // tsup sets `baseUrl` for its declaration build, which TypeScript 6 reports as deprecated.
    dts: { compilerOptions: { ignoreDeprecations: "6.0" } },
    clean: true,
    sourcemap: true,
    target: "node20.19",
    treeshake: true,
    splitting: false,
    ...options,
  });
}
