import fc from "fast-check";
import { expect, test } from "vitest";
import { SendWindow } from "./send-window.ts";

test("never more than the limit waits, and every packet is sent or counted as dropped", () => {
  const step = fc.oneof(fc.record({ take: fc.nat(500), packets: fc.nat(9) }), fc.record({ free: fc.nat(2000) }));
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const window = new SendWindow(1000);
      let sent = 0;
      let all = 0;
      for (const one of steps) {
        if ("free" in one) window.free(one.free);
        else {
          all += one.packets;
          if (window.take(one.take, one.packets)) sent += one.packets;
        }
        expect(window.waiting).toBeGreaterThanOrEqual(0);
        expect(window.waiting).toBeLessThanOrEqual(1000);
      }
      expect(sent + window.dropped).toBe(all);
    }),
  );
});
