import picocolors from "picocolors";
import { describe, failsCheck, formatGoal, valuesOf } from "./comparison.mjs";
import { floor } from "./contestant.mjs";
import { median, range } from "./statistics.mjs";
import { formatNumber, formatRange, formatTable } from "./table.mjs";

/**
 * @typedef {import("./comparison.mjs").Row} Row
 * @typedef {import("./subject.mjs").CaseResult} CaseResult
 * @typedef {import("./subject.mjs").GrowthResult} GrowthResult
 * @typedef {ReturnType<typeof picocolors.createColors>} Colors
 */

/** @type {(lines: readonly string[]) => string} */
const indented = (lines) => lines.map((line) => `  ${line}`).join("\n");

/** @type {(share: number) => string} */
const percent = (share) => `${Math.round(share * 100)} %`;

/**
 * @param {Row} row
 * @param {Colors} colors
 */
function formatVerdict({ verdict, goal, note, ratio }, { green, red, yellow, dim }) {
  const color = { met: green, missed: red, "not judged": yellow, "not run": yellow };
  // Why something was not run stands in the table above.
  const why = verdict === "not run" || ratio === null ? "" : (note ?? "");
  return [goal ? formatGoal(goal) : "", verdict ? color[verdict](verdict) : "", dim(why)];
}

/**
 * @param {readonly Row[]} rows
 * @param {Colors} colors
 */
function formatRatios(rows, colors) {
  const head = ["ratio", "ours / peer", "", "spread", "goal", "", ""].map((text) => colors.dim(text));
  const body = rows.map((row) => [
    row.measure,
    `${row.oursName} / ${row.peerName}`,
    formatNumber(row.ratio),
    formatRange(row.spread),
    ...formatVerdict(row, colors),
  ]);
  return formatTable([head, ...body], "llrrrll");
}

/**
 * @param {CaseResult} result
 * @param {Colors} colors
 */
function formatCase({ name, unit, count, rounds, outcomes, rows }, colors) {
  const words = describe(unit);
  const base = outcomes.get(floor);
  /** @type {(outcome: import("./rounds.mjs").Outcome, measure: keyof typeof words) => number | null} */
  const middle = (outcome, measure) => {
    const values = valuesOf(measure, outcome, base);
    return values ? median(values) : null;
  };
  const idle = [...outcomes.values()].some(({ samples }) => samples[0]?.memoryEach !== undefined);
  const cost = idle ? "memoryEach" : "processor";
  const head = idle
    ? ["", `KiB/${unit}`, "spread", "MiB"]
    : ["", `µs/${unit}`, "spread", "above C", words.rate.unit, "load's core", "disturbed", "MiB"];
  const body = [...outcomes].map(([contestant, outcome]) => {
    if (outcome.failure) return [contestant, colors.yellow(`not run: ${outcome.failure}`)];
    const each = valuesOf(cost, outcome, base);
    const start = [contestant, formatNumber(middle(outcome, cost)), formatRange(each && range(each))];
    const memory = formatNumber(middle(outcome, "memory"));
    if (idle) return [...start, memory];
    const above = contestant === floor ? "–" : formatNumber(middle(outcome, "aboveFloor"));
    const shares = /** @type {const} */ (["generator", "disturbed"]).map((field) =>
      percent(median(outcome.samples.map((sample) => sample[field] ?? 0))),
    );
    return [...start, above, formatNumber(middle(outcome, "rate")), ...shares, memory];
  });
  const title = `${name} (${rounds} rounds of ${count.toLocaleString("en")} ${unit}s)`;
  const table = formatTable([head.map((text) => colors.dim(text)), ...body]);
  return `${colors.bold(title)}\n${indented(table)}\n\n${indented(formatRatios(rows, colors))}\n`;
}

/**
 * @param {GrowthResult} result
 * @param {Colors} colors
 */
function formatGrowth({ name, unit, what, cost, rounds, curves }, colors) {
  const sizes = curves.find(({ points }) => points.length > 0)?.points.map(({ size }) => size) ?? [];
  const each = describe(unit)[cost].unit;
  const head = [
    "",
    ...sizes.map((size) => `${size.toLocaleString("en")}`),
    "slope",
    ...sizes.map((size) => `MiB at ${size.toLocaleString("en")}`),
    "KiB each",
  ];
  const body = curves.map((curve) => {
    if (curve.failure) return [curve.name, colors.yellow(`not run: ${curve.failure}`)];
    const costs = curve.points.map((point) => formatNumber(point.cost));
    const memory = curve.points.map((point) => formatNumber(point.memory));
    return [curve.name, ...costs, curve.exponent?.toFixed(2) ?? "–", ...memory, formatNumber(curve.memoryEach)];
  });
  const at = `${sizes.map((size) => size.toLocaleString("en")).join(", ")} ${what}`;
  const title = `growth, ${name}: ${each}/${unit} at ${at} (${rounds} ${rounds === 1 ? "round" : "rounds"})`;
  const table = formatTable([head.map((text) => colors.dim(text)), ...body]);
  return `${colors.bold(title)}\n${indented(table)}\n`;
}

/**
 * One result as text.
 *
 * @param {CaseResult | GrowthResult} result
 * @param {Colors} [colors]
 */
export function formatResult(result, colors = picocolors) {
  return result.kind === "case" ? formatCase(result, colors) : formatGrowth(result, colors);
}

/**
 * How many goals were met, and which were not.
 *
 * @param {readonly Row[]} rows
 * @param {Colors} [colors]
 */
export function formatSummary(rows, colors = picocolors) {
  const count = (/** @type {Row["verdict"]} */ verdict) => rows.filter((row) => row.verdict === verdict).length;
  const line = `Goals: ${count("met")} met, ${count("missed")} missed, ${count("not judged")} not judged, ${count("not run")} not run.`;
  const color = failsCheck(rows) ? colors.red : colors.green;
  const unmet = rows
    .filter(({ verdict }) => verdict === "missed" || verdict === "not judged")
    .map((row) => {
      const ratio = `${row.oursName} / ${row.peerName} is ${formatNumber(row.ratio)}`;
      const why = row.verdict === "missed" && row.goal ? `goal ${formatGoal(row.goal)}` : row.note;
      return `${row.verdict}: ${row.subject}, ${row.case}: ${row.measure}, ${ratio}, ${why}`;
    });
  const absent = rows.filter(({ verdict }) => verdict === "not run").map(({ note }) => `not run: ${note}`);
  return [color(line), ...[...unmet, ...new Set(absent)].map((text) => `  ${text}`)].join("\n");
}

/**
 * The rows as a JSON array, one row a line.
 *
 * @param {readonly Row[]} rows
 * @param {import("./environment.mjs").Environment} environment
 */
export function formatJson(rows, environment) {
  const objects = rows.map((row) =>
    JSON.stringify({ ...row, ...environment }, (_, value) =>
      typeof value === "number" ? Number(value.toPrecision(6)) : value,
    ),
  );
  return `[\n${objects.map((object) => `  ${object}`).join(",\n")}\n]\n`;
}
