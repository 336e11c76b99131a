import { expect, test } from "vitest";
import { chartData } from "./chart-data.ts";

const series = {
  start: 100,
  step: 0.5,
  points: 2,
  bytes: [new Float64Array([10, 20]), new Float64Array([1, 2]), new Float64Array([0, 5])],
  packets: [new Float64Array([3, 4]), new Float64Array([1, 1]), new Float64Array([0, 1])],
};

test("rates are per second, and the last step is held to its end", () => {
  const { times, rows, totals } = chartData(series, "bits", "lines");
  expect(times).toEqual([100, 100.5, 101]);
  expect(rows).toEqual([
    [160, 320, 320],
    [16, 32, 32],
    [0, 80, 80],
  ]);
  expect(totals).toEqual([176, 432, 432]);
});

test("stacked, each row stands on those after it", () => {
  const { rows, totals } = chartData(series, "packets", "stacked");
  expect(rows).toEqual([
    [8, 12, 12],
    [2, 4, 4],
    [0, 2, 2],
  ]);
  expect(rows[0]).toEqual(totals);
});

test("no points, no data", () => {
  const empty = { start: 0, step: 1, points: 0, bytes: [new Float64Array()], packets: [new Float64Array()] };
  expect(chartData(empty, "bits", "stacked")).toEqual({ times: [], rows: [[]], totals: [] });
});
