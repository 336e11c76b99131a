import { describe, expect, test } from "vitest";
import { DEFAULT_TIMEOUTS, resolveTimeouts, type TimeoutOption } from "./timeouts.ts";

describe("timeouts", () => {
  test.each<[string, TimeoutOption | undefined, object]>([
    ["default", undefined, { connect: 10_000, read: 60_000, total: 0 }],
    ["a number", 500, { connect: 500, read: 500, total: 0 }],
    ["a pair", [1, 2], { connect: 1, read: 2, total: 0 }],
    ["an object", { total: 9 }, { connect: 10_000, read: 60_000, total: 9 }],
    ["false", false, { connect: 0, read: 0, total: 0 }],
    ["Infinity", { read: Number.POSITIVE_INFINITY }, { connect: 10_000, read: 0, total: 0 }],
  ])("%s", (_, option, limits) => expect(resolveTimeouts(option)).toEqual(limits));

  test("completes the session's", () => {
    expect(resolveTimeouts({ read: 5 }, { connect: 1, read: 2, total: 3 })).toEqual({ connect: 1, read: 5, total: 3 });
    expect(resolveTimeouts(7, { connect: 1, read: 2, total: 3 })).toEqual({ connect: 7, read: 7, total: 3 });
    expect(resolveTimeouts(undefined)).toBe(DEFAULT_TIMEOUTS);
  });
  test.each<[unknown, RegExp]>([
    [-1, /timeout must be milliseconds.*got -1/],
    [Number.NaN, /timeout must be/],
    ["5s", /timeout must be .*got "5s"/],
    [[1], /pair/],
    [[1, -1], /timeout\[1\]/],
    [{ reed: 1 }, /there is no timeout "reed"/],
    [{ read: "1" }, /timeout\.read/],
    [2 ** 31, /timeout must be/],
  ])("refuses %j", (option, message) => expect(() => resolveTimeouts(option as TimeoutOption)).toThrow(message));
});
