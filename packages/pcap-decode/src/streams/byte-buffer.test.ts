import fc from "fast-check";
import { expect, test } from "vitest";
import { ByteBuffer } from "./byte-buffer.ts";

test("pieces are put together, in at most twice the memory", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), (pieces) => {
      const buffer = new ByteBuffer();
      for (const piece of pieces) buffer.push(piece);
      const all = Uint8Array.from(pieces.flatMap((piece) => [...piece]));
      expect([buffer.length, buffer.bytes]).toEqual([all.length, all]);
      expect(buffer.memory).toBeLessThanOrEqual(2 * all.length);
    }),
  );
});

test("what was given out stays when the buffer is cleared", () => {
  const buffer = new ByteBuffer();
  buffer.push(Uint8Array.of(1, 2));
  const { bytes } = buffer;
  buffer.clear();
  expect([buffer.length, buffer.memory]).toEqual([0, 0]);
  buffer.push(Uint8Array.of(3));
  expect([...bytes, ...buffer.bytes]).toEqual([1, 2, 3]);
});
