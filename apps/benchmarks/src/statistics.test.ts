import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exponent, median, range, slope } from "./statistics.mjs";

describe("median", () => {
  it.each([
    [[3], 3],
    [[3, 1, 2], 2],
    [[4, 1, 3, 2], 2.5],
    [[10, 9, 100, 1, 2], 9],
  ])("of %j is %d", (values, expected) => expect(median(values)).toBe(expected));

  it("leaves the values as they were", () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });

  it("has as many values above it as below", () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
        const middle = median(values);
        const below = values.filter((value) => value < middle).length;
        const above = values.filter((value) => value > middle).length;
        expect(Math.max(below, above)).toBeLessThanOrEqual(values.length / 2);
      }),
    );
  });

  it("refuses nothing at all", () => expect(() => median([])).toThrow("at least one"));
});

describe("range", () => {
  it("is the least and the greatest", () => expect(range([2, 9, -1, 4])).toEqual([-1, 9]));
  it("refuses nothing at all", () => expect(() => range([])).toThrow("at least one"));
});

describe("slope", () => {
  it("finds the line that the points lie on", () => {
    const numbers = fc.integer({ min: -100, max: 100 });
    fc.assert(
      fc.property(numbers, numbers, fc.uniqueArray(numbers, { minLength: 2 }), (steepness, start, xs) => {
        const points = xs.map((x): [number, number] => [x, start + steepness * x]);
        expect(slope(points)).toBeCloseTo(steepness, 6);
      }),
    );
  });

  it("refuses points above one another", () => {
    const points: [number, number][] = [
      [1, 1],
      [1, 2],
    ];
    expect(() => slope(points)).toThrow("different x");
  });
});

describe("exponent", () => {
  it.each([0, 0.5, 1, 2])("finds work^%d", (power) => {
    const points = [5, 50, 500].map((work): [number, number] => [work, 3 * work ** power]);
    expect(exponent(points)).toBeCloseTo(power, 9);
  });
});
