import fc from "fast-check";
import { expect, test } from "vitest";
import { IndexList } from "./index-list.ts";

test("agrees with a plain array that keeps its ordinals", () => {
  const step = fc.oneof(
    fc.record({ push: fc.integer({ min: 1, max: 3 }), times: fc.integer({ min: 1, max: 700 }) }),
    fc.record({ drop: fc.nat(1000) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const list = new IndexList();
      const all: number[] = [];
      let first = 0;
      let number = 0;
      for (const one of steps) {
        if ("push" in one) {
          for (let i = 0; i < one.times; i++) {
            number += one.push;
            list.push(number);
            all.push(number);
          }
        } else {
          const below = (all[first] ?? 0) + one.drop;
          list.dropBelow(below);
          while (first < all.length && all[first]! < below) first++;
        }
        expect([list.first, list.end]).toEqual([first, all.length]);
        expect(list.at(first - 1)).toBeUndefined();
        expect(list.at(all.length)).toBeUndefined();
        for (const at of [first, (first + all.length) >> 1, all.length - 1]) {
          if (at >= first && at < all.length) {
            expect(list.at(at)).toBe(all[at]);
            expect(list.ordinalOf(all[at]!)).toBe(at);
          }
        }
      }
    }),
  );
});
