import { describe, expect, it } from "vitest";
import { formatNumber, formatRange, formatTable } from "./table.mjs";

describe("formatNumber", () => {
  it.each([
    [5.4123, "5.41"],
    [0.0469, "0.0469"],
    [99.96, "100"],
    [181_234, "181,000"],
    [null, "–"],
    [undefined, "–"],
    [Number.NaN, "–"],
    [Number.POSITIVE_INFINITY, "–"],
  ])("%d is %s", (value, text) => expect(formatNumber(value)).toBe(text));
});

it("formats a range, and none as nothing", () => {
  expect(formatRange([5.321, 5.602])).toBe("5.32 … 5.60");
  expect(formatRange(null)).toBe("");
});

describe("formatTable", () => {
  it("aligns words left and numbers right", () => {
    const lines = formatTable([
      ["", "µs"],
      ["node:net", "8.5"],
      ["C", "10.25"],
    ]);
    expect(lines).toEqual(["             µs", "node:net    8.5", "C         10.25"]);
  });

  it("lets the last cell of a short row run on", () => {
    const lines = formatTable([
      ["a", "1", "2"],
      ["longer name", "not run: no such program"],
    ]);
    expect(lines).toEqual(["a            1  2", "longer name  not run: no such program"]);
  });

  it("does not count colours", () => {
    const lines = formatTable([
      ["\x1b[31ma\x1b[39m", "1"],
      ["bb", "2"],
    ]);
    expect(lines[0]).toBe("\x1b[31ma\x1b[39m   1");
  });
});
