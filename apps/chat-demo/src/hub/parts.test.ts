import { expect, it } from "vitest";
import { lastOf, partsOf } from "./parts.ts";

it("cuts a history into parts of a size, and keeps the end of what is too much", () => {
  const messages = Array.from({ length: 10 }, (_, i) => {
    return { type: "said" as const, id: i, time: 0, room: "tea", from: "ada", text: "x".repeat(840) };
  });
  expect(partsOf([], 2_000)).toEqual([[]]);
  expect(partsOf(messages, 3_000).map((part) => part.map(({ id }) => id))).toEqual([
    [0, 1, 2],
    [3, 4, 5],
    [6, 7, 8],
    [9],
  ]);
  expect(partsOf(messages, 1)).toHaveLength(10);
  expect(lastOf(messages, 3_000).map(({ id }) => id)).toEqual([7, 8, 9]);
  expect(lastOf(messages, 100_000)).toHaveLength(10);
});
