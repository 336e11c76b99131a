import { readFileSync } from "node:fs";
import { join } from "node:path";
import { formatGoal } from "./comparison.mjs";

const root = join(import.meta.dirname, "..", "..", "..");

/**
 * A row of a committed result: that of `--json`, with where and when it was measured.
 *
 * @typedef {import("./comparison.mjs").Row & { node: string, cpu: string, system: string, python: string[], date: string }} ResultRow
 */

/** What a README has before and after the table. */
const begin = "<!-- Written by `node apps/benchmarks/src/quote.mjs`, from the results that it names. -->";
const end = "<!-- End of what is written. -->";

/** @type {(file: string) => ResultRow[]} */
const results = (file) => JSON.parse(readFileSync(join(root, "apps", "benchmarks", "results", `${file}.json`), "utf8"));

/** Two digits that say something. @type {(ratio: number) => string} */
export const formatRatio = (ratio) =>
  ratio >= 100 ? String(Number(ratio.toPrecision(2))) : ratio >= 10 ? ratio.toFixed(0) : ratio.toPrecision(2);

/** @type {(row: ResultRow) => string} */
function formatRatioGoal({ goal, verdict }) {
  if (goal === null) return "";
  return verdict === "met" ? formatGoal(goal) : `${formatGoal(goal)}, ${verdict}`;
}

/**
 * The table of a README, with where, when and with what it was measured. Throws when a result lacks a row.
 *
 * @param {readonly import("./quotes.mjs").Quote[]} quotes
 * @param {string} toResults how the README gets to the folder of results
 * @param {(file: string) => ResultRow[]} [read]
 */
export function formatQuotes(quotes, toResults, read = results) {
  /** @type {Map<string, ResultRow[]>} */
  const files = new Map();
  for (const { file } of quotes) if (!files.has(file)) files.set(file, read(file));
  const rows = quotes.map((quote) => {
    const found = files
      .get(quote.file)
      ?.find(
        ({ case: name, measure, oursName, peerName }) =>
          name === quote.case && measure === quote.measure && oursName === quote.ours && peerName === quote.peer,
      );
    if (!found)
      throw new Error(`${quote.file}.json has no row ${quote.case}, ${quote.measure}, ${quote.ours} / ${quote.peer}`);
    return found;
  });
  const lines = quotes.map(({ work, ratio }, index) => {
    const row = rows[index];
    const repeated = index > 0 && quotes[index - 1].work === work;
    const value = row.ratio === null ? (row.note ?? "not run") : formatRatio(row.ratio);
    return `| ${repeated ? "" : work} | ${ratio} | ${value} | ${formatRatioGoal(row)} |`;
  });
  const { rounds, date, cpu, system, node, python } = rows[0];
  const sources = [...files.keys()].map((file) => `[\`${file}.json\`](${toResults}/${file}.json)`);
  return [
    begin,
    "",
    `Medians of ${rounds} rounds on ${date.slice(0, 10)}: ${cpu}; ${system}; Node.js ${node.replace(/^v/, "")}; ${python.join(", ")}.`,
    `From ${sources.join(" and ")}.`,
    "",
    "| Work | Measure / peer | Ratio | Goal |",
    "| --- | --- | --- | --- |",
    ...lines,
    "",
    end,
  ].join("\n");
}

/**
 * A README with its table renewed. Throws when it has no place for one.
 *
 * @param {string} readme
 * @param {string} table
 */
export function insertQuotes(readme, table) {
  const from = readme.indexOf(begin);
  const to = readme.indexOf(end);
  if (from < 0 || to < from) throw new Error(`There is no place for the table: ${begin} … ${end}`);
  return readme.slice(0, from) + table + readme.slice(to + end.length);
}
