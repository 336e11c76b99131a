#!/usr/bin/env node
import { writeFileSync } from "node:fs";
import { constants } from "node:os";
import { CommanderError } from "commander";
import { failsCheck } from "./comparison.mjs";
import { compiled } from "./compiler.mjs";
import { environment, formatEnvironment } from "./environment.mjs";
import { cores } from "./measurement.mjs";
import { formatList, parseOptions } from "./options.mjs";
import { progress } from "./progress.mjs";
import { formatJson, formatResult, formatSummary } from "./report.mjs";
import { full, quick, runSubject } from "./subject.mjs";

/** @returns {Promise<number>} the exit status */
async function main() {
  const options = parseOptions(process.argv.slice(2));
  if (options.list) {
    console.log(formatList(options.chosen));
    return 0;
  }
  if (process.platform !== "linux") throw new Error("The benchmarks run on Linux only: they need epoll and /proc.");

  // Now and not in the first round: it takes a moment, and without a compiler there is nothing to do.
  compiled("server");
  compiled("load");
  const place = environment(cores);
  const status = progress(process.stderr);
  /** @type {import("./comparison.mjs").Row[]} */
  const rows = [];
  console.log(`${formatEnvironment(place)}\n`);
  const effort = { ...(options.quick ? quick : full), ...(options.rounds && { rounds: options.rounds }) };
  for (const subject of options.chosen) {
    for await (const result of runSubject(subject, effort, status.step)) {
      status.clear();
      console.log(`${subject.name}: ${formatResult(result)}`);
      rows.push(...result.rows);
    }
    // After each subject, so that an interrupted run leaves what it had.
    if (options.json) writeFileSync(options.json, formatJson(rows, place));
  }
  console.log(formatSummary(rows));
  return options.check && failsCheck(rows) ? 1 : 0;
}

// Leaving ends every child: see child.mjs.
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
  process.on(signal, () => process.exit(128 + constants.signals[signal]));
}

// Whoever read the report, `head` for one, has read enough.
process.stdout.on("error", () => process.exit(0));

main().then(
  (status) => process.exit(status),
  (error) => {
    // Commander has written its own message.
    if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2);
    console.error(error instanceof Error ? error.message : error);
    process.exit(2);
  },
);
