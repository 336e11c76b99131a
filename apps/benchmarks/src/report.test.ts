import picocolors from "picocolors";
import { describe, expect, it } from "vitest";
import { type Comparison, compare, type Outcome } from "./comparison.mjs";
import { formatJson, formatResult, formatSummary } from "./report.mjs";

const plain = picocolors.createColors(false);
const place = { subject: "tcp-echo", case: "64 B × 50 connections", unit: "message", rounds: 2 };
const ours = "@sockeye/socket-core";
const sample = (processor: number): Outcome["samples"][number] => ({
  processor,
  rate: 1e6 / processor,
  generator: 0.5,
  memory: 40,
});
const outcomes = new Map<string, Outcome>([
  ["C epoll", { samples: [sample(5), sample(5)] }],
  [ours, { samples: [sample(6), sample(7)] }],
  ["node:net", { samples: [sample(8), sample(8)] }],
  ["uvloop streams", { samples: [], failure: "ModuleNotFoundError: No module named 'uvloop'" }],
]);
const comparisons: Comparison[] = [
  { measure: "aboveFloor", ours, peer: "node:net", goal: { atMost: 0.7 } },
  { measure: "rate", ours, peer: "node:net", goal: { atLeast: 2 } },
  { measure: "rate", ours, peer: "uvloop streams", goal: { atLeast: 1 } },
];
const rows = comparisons.map((comparison) => compare(place, comparison, outcomes));
const environment = {
  node: "v20.20.2",
  cpu: "a cpu",
  system: "Linux 6",
  python: ["CPython 3.11.2"],
  cores: "none",
  date: "2026-01-01",
};

describe("formatResult", () => {
  it("shows every contestant and every ratio of a case", () => {
    const text = formatResult(
      { kind: "case", name: place.case, unit: "message", count: 1000, rounds: 2, outcomes, rows },
      plain,
    );
    expect(text.split("\n").map((line) => line.replaceAll(/\s+/g, " "))).toEqual([
      "64 B × 50 connections (2 rounds of 1,000 messages)",
      " µs/message spread above C messages/s load's core disturbed MiB",
      " C epoll 5.00 5.00 … 5.00 – 200,000 50 % 0 % 40.0",
      " @sockeye/socket-core 6.50 6.00 … 7.00 1.50 155,000 50 % 0 % 40.0",
      " node:net 8.00 8.00 … 8.00 3.00 125,000 50 % 0 % 40.0",
      " uvloop streams not run: ModuleNotFoundError: No module named 'uvloop'",
      "",
      " ratio ours / peer spread goal",
      " processor time per message above C @sockeye/socket-core / node:net 0.500 0.333 … 0.667 ≤ 0.7 met",
      " messages per second @sockeye/socket-core / node:net 1.24 1.14 … 1.33 ≥ 2 missed",
      " messages per second @sockeye/socket-core / uvloop streams – ≥ 1 not run",
      "",
    ]);
  });

  it("shows growth with its slopes", () => {
    const curve = { name: ours, points: [{ size: 5, cost: 6, memory: 40 }], exponent: 0.013, memoryEach: 1.5 };
    const failed = { name: "node:net", points: [], exponent: null, memoryEach: null, failure: "no answer within 60 s" };
    const text = formatResult(
      {
        kind: "growth",
        name: "64 B",
        unit: "message",
        what: "connections",
        cost: "processor",
        rounds: 1,
        curves: [curve, failed],
        rows: [],
      },
      plain,
    );
    expect(text.split("\n").map((line) => line.replaceAll(/\s+/g, " "))).toEqual([
      "growth, 64 B: µs/message at 5 connections (1 round)",
      " 5 slope MiB at 5 KiB each",
      " @sockeye/socket-core 6.00 0.01 40.0 1.50",
      " node:net not run: no answer within 60 s",
      "",
    ]);
  });
});

it("sums up the goals and names each that is not met", () => {
  expect(formatSummary(rows, plain).split("\n")).toEqual([
    "Goals: 1 met, 1 missed, 0 not judged, 1 not run.",
    "  missed: tcp-echo, 64 B × 50 connections: messages per second, @sockeye/socket-core / node:net is 1.24, goal ≥ 2",
    "  not run: uvloop streams: ModuleNotFoundError: No module named 'uvloop'",
  ]);
});

describe("formatJson", () => {
  it("writes a row a line, each with the machine and the versions", () => {
    const text = formatJson(rows, environment);
    expect(text.trimEnd().split("\n")).toHaveLength(rows.length + 2);
    const [first, , last] = JSON.parse(text);
    expect(first).toEqual({
      subject: "tcp-echo",
      case: "64 B × 50 connections",
      measure: "processor time per message above C",
      oursName: ours,
      peerName: "node:net",
      ours: 1.5,
      peer: 3,
      unit: "µs",
      ratio: 0.5,
      spread: [0.333333, 0.666667],
      goal: { atMost: 0.7 },
      verdict: "met",
      note: null,
      rounds: 2,
      ...environment,
    });
    expect(last).toMatchObject({ peer: null, ratio: null, verdict: "not run" });
  });

  it("writes no rows as an empty array", () => expect(JSON.parse(formatJson([], environment))).toEqual([]));
});
