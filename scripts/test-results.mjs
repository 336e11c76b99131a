import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { root } from "./workspaces.mjs";

/**
 * Adds up the JSON reports that vitest.shared.ts leaves in SOCKEYE_RESULTS, in `folder` and below:
 * `{ reports, passed, failed, skipped }`, the last two as names. A file that could not be run is one failed test.
 */
export function readResults(folder) {
  const total = { reports: 0, passed: 0, failed: [], skipped: [] };
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
      for (const { status, fullName } of file.assertionResults) {
        if (status === "passed") total.passed += 1;
        else if (status === "failed") total.failed.push(`${where} > ${fullName}`);
        else total.skipped.push(`${where} > ${fullName}`);
      }
    }
  }
  return total;
}
