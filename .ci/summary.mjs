// node .ci/summary.mjs RESULTS [FAILED_STEP ...]: what failed, what was skipped and what passed only at the second try,
// then one line, N passed, N failed. A skipped test counts as failed, because .ci/run provides all that tests may ask
// for; so does a step that failed without a failed test of its own. A second try is no failure, but a test to mend.
import { basename, join } from "node:path";
import { readResults } from "../scripts/test-results.mjs";

const [folder, ...failedSteps] = process.argv.slice(2);
if (folder === undefined) throw new Error("usage: node .ci/summary.mjs RESULTS [FAILED_STEP ...]");
const { reports, passed, failed, skipped, retried } = readResults(folder);
const otherFailures = failedSteps
  .filter((step) => readResults(join(folder, step)).failed.length === 0)
  .map((step) => `the step ${step}`);
if (reports === 0) otherFailures.push(`no test left a result in ${basename(folder)}`);

const failures = [
  ...failed.map((name) => `failed: ${name}`),
  ...skipped.map((name) => `skipped: ${name}`),
  ...otherFailures.map((what) => `failed: ${what}`),
];
for (const test of retried) console.log(`passed at the second try: ${test}`);
for (const failure of failures) console.log(failure);
const second = retried.length === 0 ? "" : `; ${retried.length} at the second try, named above`;
console.log(`${passed} passed, ${failures.length} failed${second}`);
process.exitCode = failures.length === 0 ? 0 : 1;
