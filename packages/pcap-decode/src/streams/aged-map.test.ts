import fc from "fast-check";
import { expect, test } from "vitest";
import { AgedMap } from "./aged-map.ts";

test("is a Map whose keys become the newest when they are set", () => {
  const step = fc.record({ what: fc.constantFrom("set", "delete", "oldest"), key: fc.nat(6), value: fc.nat(9) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const aged = new AgedMap<number, number>();
      const plain = new Map<number, number>();
      for (const { what, key, value } of steps) {
        const from = what === "oldest" ? aged.oldest?.key : key;
        if (from !== undefined) plain.delete(from);
        if (what === "set") {
          aged.set(key, value);
          plain.set(key, value);
        } else if (from !== undefined) aged.delete(from);
        expect([...aged.values()]).toEqual([...plain.values()]);
        expect(aged.size).toBe(plain.size);
        expect(aged.oldest?.key).toBe([...plain.keys()][0]);
        expect(aged.get(key)).toBe(plain.get(key));
        expect(aged.has(key)).toBe(plain.has(key));
      }
      aged.clear();
      expect([aged.size, aged.oldest, [...aged.values()]]).toEqual([0, undefined, []]);
    }),
  );
});
