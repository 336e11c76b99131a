import { expect, it } from "vitest";
import type { Outcome } from "./comparison.mjs";
import { curves, growthRows } from "./growth.mjs";

const place = { subject: "tcp-echo", case: "64 B", unit: "message", rounds: 1, what: "connections" };

// Ours costs 2 µs at any size and 1 MiB for 10 connections; the peer's cost grows with the square root.
const bySize = new Map(
  [5, 50, 500].map((size): [number, Map<string, Outcome>] => [
    size,
    new Map<string, Outcome>([
      ["ours", { samples: [{ processor: 2, memory: 40 + size / 10 }] }],
      ["peer", { samples: [{ processor: Math.sqrt(size), memory: 50 }] }],
      [
        "absent",
        size === 500 ? { samples: [], failure: "too many open files" } : { samples: [{ processor: 1, memory: 1 }] },
      ],
    ]),
  ]),
);
const [ours, peer, absent] = curves("processor", bySize);

it("finds the exponent of the cost and the memory of each connection", () => {
  expect(ours!.exponent).toBeCloseTo(0);
  expect(ours!.memoryEach).toBeCloseTo(1024 / 10);
  expect(peer!.exponent).toBeCloseTo(0.5);
  expect(peer!.memoryEach).toBeCloseTo(0);
});

it("has no curve for one that failed at a size", () => {
  expect(absent).toMatchObject({ points: [], exponent: null, failure: "too many open files" });
});

it("has no exponent where a cost is not above nothing", () => {
  const sizes = new Map(
    [1, 10].map((size) => [size, new Map([["a", { samples: [{ memoryEach: size - 1, memory: 1 }] }]])]),
  );
  expect(curves("memoryEach", sizes)[0]).toMatchObject({ exponent: null, memoryEach: 0 });
});

it("writes a row for cost and memory at each size, and for both slopes", () => {
  const rows = growthRows(place, "processor", ours!, peer!);
  expect(rows.map((row) => `${row.case}: ${row.measure}, ${row.unit}`)).toEqual([
    "64 B, 5 connections: processor time per message, µs",
    "64 B, 5 connections: memory of the server, MiB",
    "64 B, 50 connections: processor time per message, µs",
    "64 B, 50 connections: memory of the server, MiB",
    "64 B, 500 connections: processor time per message, µs",
    "64 B, 500 connections: memory of the server, MiB",
    "64 B, 5 → 500 connections: slope of processor time per message, exponent",
    "64 B, 5 → 500 connections: memory per further connection, KiB",
  ]);
  expect(rows[1]).toMatchObject({ ours: 40.5, peer: 50, ratio: 0.81, goal: null, verdict: null });
});

it("keeps the peer's figures where ours failed", () => {
  const rows = growthRows(place, "processor", absent!, peer!);
  expect(rows[0]).toMatchObject({ ours: null, peer: Math.sqrt(5), ratio: null, note: "absent: too many open files" });
});
