import { readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "vitest/config";

const results = process.env.SOCKEYE_RESULTS;
const { name } = JSON.parse(readFileSync("package.json", "utf8")) as { name: string };

/**
 * Shared by every package. With SOCKEYE_RESULTS set to a folder, each run also leaves its counts there as JSON,
 * which `.ci/run` adds up.
 */
export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    pool: "forks",
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // A shared machine may be busy with something else for seconds; the report says which tests needed a second try.
    retry: process.env.CI ? 1 : 0,
    reporters: results
      ? ["default", ["json", { outputFile: join(results, `${name.replace("/", "__")}.json`) }]]
      : ["default"],
  },
});
