import { expect, test } from "vitest";
import { Queue } from "./queue.ts";

test("gives what was pushed in its order, through all moves", () => {
  const queue = new Queue<number>();
  expect([queue.length, queue.first, queue.last, queue.shift()]).toEqual([0, undefined, undefined, undefined]);
  let pushed = 0;
  let taken = 0;
  for (let round = 0; round < 60; round++) {
    // More comes in than goes out at first, and the other way round later.
    for (let i = 0; i < (round < 30 ? 300 : 20); i++) queue.push(pushed++);
    expect([queue.first, queue.last]).toEqual([taken, pushed - 1]);
    for (let i = 0; i < 150; i++) expect(queue.shift()).toBe(taken++);
    expect(queue.length).toBe(pushed - taken);
  }
  while (queue.length > 0) expect(queue.shift()).toBe(taken++);
  expect(taken).toBe(pushed);
  expect([queue.first, queue.last, queue.shift()]).toEqual([undefined, undefined, undefined]);
});

test("replaces the last", () => {
  const queue = new Queue<string>();
  queue.push("a");
  queue.push("b");
  queue.replaceLast("c");
  expect([queue.shift(), queue.shift(), queue.length]).toEqual(["a", "c", 0]);
});
