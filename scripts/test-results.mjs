import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { root } from "./workspaces.mjs";

/**
 * Adds up the JSON reports that vitest.shared.ts leaves in SOCKEYE_RESULTS, in `folder` and below:
 * `{ reports, passed, failed, skipped, retried }`, the last three as names; those that passed at the second try have
 * passed, and are named with why they failed at the first. A file that could not be run is one failed test.
 */
export function readResults(folder) {
  const total = { reports: 0, passed: 0, failed: [], skipped: [], retried: [] };
  if (!existsSync(folder)) return total;
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((entry) => entry.isFile() && entry.name.endsWith(".json"))) {
    const path = join(entry.parentPath, entry.name);
    const report = JSON.parse(readFileSync(path, "utf8"));
    total.reports += 1;
    for (const file of report.testResults) {
      const where = `${relative(folder, entry.parentPath) || "."} ${relative(root, file.name)}`;
      if (file.status === "failed" && !file.assertionResults.some(({ status }) => status === "failed")) {
        total.failed.push(`${where}: ${file.message.split("\n", 1)[0] || "the file could not be run"}`);
      }
      for (const { status, fullName, failureMessages = [] } of file.assertionResults) {
        const test = `${where} > ${fullName}`;
        if (status === "failed") total.failed.push(test);
        else if (status !== "passed") total.skipped.push(test);
        else {
          total.passed += 1;
          if (failureMessages.length > 0) total.retried.push(`${test}: ${failureMessages[0].split("\n", 1)[0]}`);
        }
      }
    }
  }
  return total;
}
