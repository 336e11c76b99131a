import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, it } from "vitest";
import { quotes } from "../src/quotes.mjs";
import { formatQuotes, formatRatio, insertQuotes, type ResultRow } from "../src/quoting.mjs";

const root = join(import.meta.dirname, "..", "..", "..");

it.each(Object.entries(quotes))("%s quotes the committed results", (readme, rows) => {
  const path = join(root, readme);
  const text = readFileSync(path, "utf8");
  const table = formatQuotes(rows, relative(dirname(path), join(root, "apps/benchmarks/results")));
  expect(text, "run node apps/benchmarks/src/quote.mjs").toBe(insertQuotes(text, table));
});

const row: ResultRow = {
  subject: "tcp-echo",
  case: "64 B",
  measure: "messages per second",
  oursName: "a",
  peerName: "b",
  ours: 1,
  peer: 2,
  unit: "messages/s",
  ratio: 0.456,
  spread: null,
  goal: { atLeast: 1 },
  verdict: "missed",
  note: null,
  rounds: 5,
  node: "v20.20.2",
  cpu: "a processor",
  system: "Linux 6",
  python: ["CPython 3.11.2"],
  date: "2026-01-02T03:04:05.000Z",
};
const quote = {
  work: "Echo",
  ratio: "messages / b",
  file: "f",
  case: "64 B",
  measure: row.measure,
  ours: "a",
  peer: "b",
};

it("shows ratio, goal and verdict, and where and when they were measured", () => {
  const unjudged = { ...row, peerName: "c", ratio: null, goal: null, verdict: null, note: "c: not installed" };
  const table = formatQuotes([quote, { ...quote, ratio: "messages / c", peer: "c" }], "../results", () => [
    row,
    unjudged,
  ]);
  expect(table).toContain("5 rounds on 2026-01-02: a processor; Linux 6; Node.js 20.20.2; CPython 3.11.2.");
  expect(table).toContain("[`f.json`](../results/f.json)");
  expect(table).toContain("| Echo | messages / b | 0.46 | ≥ 1, missed |\n|  | messages / c | c: not installed |  |");
  expect(insertQuotes(`before\n${table}\nafter`, table)).toBe(`before\n${table}\nafter`);
});

it("fails on a row that the results lack, and on a README without a place", () => {
  expect(() => formatQuotes([quote], ".", () => [])).toThrow("f.json has no row 64 B, messages per second, a / b");
  expect(() => insertQuotes("# README", "table")).toThrow("There is no place for the table");
});

it.each([
  [0.0314, "0.031"],
  [0.9, "0.90"],
  [3.44, "3.4"],
  [24.6, "25"],
  [409, "410"],
])("writes %d as %s", (ratio, text) => {
  expect(formatRatio(ratio)).toBe(text);
});
