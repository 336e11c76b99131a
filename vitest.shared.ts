import { readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "vitest/config";
import type { Reporter } from "vitest/node";

const results = process.env.SOCKEYE_RESULTS;
const { name } = JSON.parse(readFileSync("package.json", "utf8")) as { name: string };

/** Names the tests that vitest's own reporter shows as passed although their first try failed. */
const secondTries: Reporter = {
  onTestCaseResult(test) {
    if (!test.diagnostic()?.flaky) return;
    console.warn(`Passed at the second try: ${test.module.relativeModuleId} > ${test.fullName}`);
  },
};

/**
 * Shared by every package. With SOCKEYE_RESULTS set to a folder, each run also leaves its counts there as JSON,
 * which `.ci/run` adds up.
 */
export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    pool: "forks",
    // Tests wait a lot, for timers and for other programs.
    maxWorkers: "100%",
    // Only what hangs takes so long, also on a machine that is busy with something else.
    testTimeout: 90_000,
    hookTimeout: 90_000,
    expect: { poll: { timeout: 30_000 } },
    // A shared machine may stand still for seconds. What needs a second try is named, and is to be mended.
    retry: process.env.CI ? 1 : 0,
    reporters: results
      ? ["default", secondTries, ["json", { outputFile: join(results, `${name.replace("/", "__")}.json`) }]]
      : ["default", secondTries],
  },
});
