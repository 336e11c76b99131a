import fc from "fast-check";
import { expect, it } from "vitest";
import { Ring } from "./ring.ts";

it("keeps the last items within both limits, and always the newest", () => {
  fc.assert(
    fc.property(fc.nat(20), fc.nat(100), fc.array(fc.nat(60), { maxLength: 200 }), (maxItems, maxBytes, sizes) => {
      const ring = new Ring<{ size: number; at: number }>(maxItems, maxBytes, ({ size }) => size);
      const model: { size: number; at: number }[] = [];
      const total = (): number => model.reduce((sum, { size }) => sum + size, 0);
      for (const [at, size] of sizes.entries()) {
        model.push({ size, at });
        let gone = 0;
        while (model.length > 1 && (model.length > maxItems || total() > maxBytes)) {
          model.shift();
          gone++;
        }
        expect(ring.push({ size, at })).toBe(gone);
        expect([...ring]).toEqual(model);
        expect(ring.size).toBe(model.length);
        expect(ring.bytes).toBe(total());
      }
      ring.clear();
      expect([[...ring], ring.size, ring.bytes]).toEqual([[], 0, 0]);
    }),
  );
});
