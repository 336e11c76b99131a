import { expect, test } from "vitest";
import { SharedLimit } from "./shared-limit.ts";

test("whoever has held some for longest lets go of all", () => {
  const released: string[] = [];
  const limit = new SharedLimit<string>(10, (holder) => released.push(holder));
  limit.set("a", 3);
  limit.set("b", 3);
  limit.set("a", 6);
  expect([limit.bytes, released]).toEqual([9, []]);
  limit.set("c", 5);
  expect([limit.bytes, released]).toEqual([8, ["a"]]);
  limit.set("b", 0);
  limit.set("a", 5);
  limit.set("b", 1);
  expect([limit.bytes, released]).toEqual([6, ["a", "c"]]);
});

test("one that holds more than all may is released itself", () => {
  const released: string[] = [];
  const limit = new SharedLimit<string>(10, (holder) => released.push(holder));
  limit.set("a", 11);
  expect([limit.bytes, released]).toEqual([0, ["a"]]);
});

test("a holder may let go, and others take, while one is released", () => {
  const limit: SharedLimit<string> = new SharedLimit<string>(10, (holder) => {
    limit.set(holder, 0);
    if (holder === "a") limit.set("c", 1);
  });
  limit.set("a", 5);
  limit.set("b", 6);
  expect(limit.bytes).toBe(7);
});
