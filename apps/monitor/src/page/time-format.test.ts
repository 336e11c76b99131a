import { expect, test } from "vitest";
import { formatTime, type TimeFormat } from "./time-format.ts";

const start = { seconds: 1_700_000_000, nanoseconds: 999_999_000 };
const time = { seconds: 1_700_000_002, nanoseconds: 1_000 };

test.each<[TimeFormat, string]>([
  ["relative", "1.000002"],
  ["delta", "0.250000"],
  ["utc", "2023-11-14 22:13:22.000001"],
  ["epoch", "1700000002.000001"],
])("%s", (format, expected) => {
  expect(formatTime(format, time, start, 0.25)).toBe(expected);
});

test("the time of day is the browser's", () => {
  expect(formatTime("clock", time, start, 0)).toMatch(/^\d\d:\d\d:22\.000001$/);
});

test("a time that no calendar has is plain seconds", () => {
  const wild = { seconds: 1e15, nanoseconds: 5 };
  expect(formatTime("utc", wild, start, 0)).toBe("1000000000000000.000000");
  expect(formatTime("clock", wild, start, 0)).toBe("1000000000000000.000000");
});
