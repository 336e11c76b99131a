import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { LayerType } from "../src/index.ts";
import * as index from "../src/index.ts";

const layers = Object.values(index).filter(
  (each): each is typeof each & LayerType => typeof each === "function" && "places" in each,
);
const bytes = fc.uint8Array({ maxLength: 400 });

test("there are layers to try", () => expect(layers.length).toBeGreaterThan(60));

describe.each(layers.map((layer) => [layer.name, layer as LayerType] as const))("%s", (_name, layer) => {
  test("reads any bytes without throwing, and shows them as JSON", () => {
    fc.assert(
      fc.property(bytes, (input) => {
        const view = layer.decode(input);
        if (view === undefined) return;
        expect(view.headerLength).toBeLessThanOrEqual(input.length);
        expect(view.payload.length).toBeLessThanOrEqual(input.length - view.headerLength);
        for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(view)))
          void (view as unknown as Record<string, unknown>)[name];
        JSON.stringify(view);
      }),
    );
  });
});

test("any bytes with any link type are a packet", () => {
  fc.assert(
    fc.property(bytes, fc.integer({ min: 0, max: 300 }), (input, linkType) => {
      const packet = index.Packet.from(input, { linkType, time: 0 });
      expect(packet.layers.length).toBeLessThanOrEqual(16);
      expect(packet.show()).not.toMatch(/(?!\n)\p{Cc}/u);
    }),
  );
});

test("any bytes behind a capture's first ones end with packets, a problem or a CaptureFormatError", () => {
  const starts = [
    "d4c3b2a1020004000000000000000000ffff000001000000",
    "4d3cb2a10200040000000000000000000000000001000000",
    "0a0d0d0a1c0000004d3c2b1a01000000ffffffffffffffff1c000000",
  ];
  fc.assert(
    fc.property(fc.constantFrom(...starts), bytes, (start, rest) => {
      const capture = index.readCapture(Buffer.concat([index.fromHex(start), rest]));
      const packets = [...capture];
      if (rest.length > 0 && packets.length === 0 && start.startsWith("0a"))
        expect(capture.problem ?? rest.length >= 12).toBeTruthy();
    }),
  );
});
