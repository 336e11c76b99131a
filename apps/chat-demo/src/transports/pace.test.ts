import { expect, it } from "vitest";
import { Pace } from "./pace.ts";

it("lets a burst through and then so many lines a second", () => {
  const pace = new Pace(10, 3);
  expect([1, 2, 3, 4, 5].map(() => pace.take(1, 1_000))).toEqual([0, 0, 0, 100, 200]);
  expect(pace.take(1, 1_300)).toBe(0);
});

it("does not save up more than the burst", () => {
  const pace = new Pace(10, 2);
  expect([1, 2, 3].map(() => pace.take(1, 1_000_000))).toEqual([0, 0, 100]);
});

it("counts long lines several times", () => {
  const pace = new Pace(10, 2);
  expect(pace.take(256, 0)).toBe(0);
  expect(pace.take(257, 0)).toBe(300);
});
