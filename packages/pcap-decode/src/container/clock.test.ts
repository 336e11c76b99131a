import fc from "fast-check";
import { expect, test } from "vitest";
import { createClock, resolutionTicks } from "./clock.ts";

test("ticks become seconds and nanoseconds as exact arithmetic says, for every resolution", () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      fc.integer({ min: 0, max: 255 }),
      fc.bigInt({ min: -1000n, max: 1000n }),
      (ticks, tsresol, offset) => {
        const perSecond = resolutionTicks(tsresol);
        const clock = createClock(perSecond, offset);
        clock.read(Number(ticks >> 32n), Number(ticks & 0xffffffffn));
        expect(clock.seconds).toBe(Number(ticks / perSecond) + Number(offset));
        expect(clock.nanoseconds).toBe(Number(((ticks % perSecond) * 1_000_000_000n) / perSecond));
      },
    ),
  );
});

test.each([
  [6, 1_000_000n],
  [9, 1_000_000_000n],
  [0, 1n],
  [0x80, 1n],
  [0x8a, 1024n],
])("if_tsresol %i is %s ticks a second", (tsresol, ticks) => {
  expect(resolutionTicks(tsresol)).toBe(ticks);
});
