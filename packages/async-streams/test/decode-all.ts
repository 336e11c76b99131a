/** A codec fed in pieces, without I/O. */
import { expect } from "vitest";
import { ByteQueue } from "../src/byte-queue.ts";
import type { Codec } from "../src/codecs/codec.ts";

/** What a codec makes of a stream that arrives in these chunks; an error is its last result, by its code. */
export function decodeAll(
  codec: Pick<Codec<unknown>, "decode">,
  chunks: readonly Uint8Array[],
  ends = true,
): unknown[] {
  const queue = new ByteQueue();
  const found: unknown[] = [];
  const drain = (ended: boolean): void => {
    for (let item = codec.decode(queue, ended); item !== undefined; item = codec.decode(queue, ended)) {
      found.push(Buffer.isBuffer(item) ? item.toString("latin1") : item);
    }
  };
  try {
    for (const chunk of chunks) {
      queue.push(chunk);
      drain(false);
    }
    if (ends) drain(true);
    // What a reader makes of an end with something left.
    if (ends && queue.length > 0) found.push("ERR_STREAM_INCOMPLETE");
  } catch (error) {
    found.push((error as { code?: string }).code);
  }
  return found;
}

/** Pieces of a stream, cut at these places. */
export function cutAnywhere(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, i) => bytes.subarray(places[i], end));
}

/** The stream whole, byte by byte, and whole with its end still to come. */
export function expectDecodes(codec: Pick<Codec<unknown>, "decode">, input: string | Buffer, gives: unknown[]): void {
  const bytes = typeof input === "string" ? Buffer.from(input, "latin1") : input;
  expect(decodeAll(codec, [bytes])).toEqual(gives);
  expect(
    decodeAll(
      codec,
      Array.from(bytes, (byte) => Buffer.of(byte)),
    ),
  ).toEqual(gives);
}

/** That what follows an item does not change it, and is left for others to the byte. */
export function expectLeaves(codec: Pick<Codec<unknown>, "decode">, input: string, item: string, rest: string): void {
  const queue = new ByteQueue();
  queue.push(Buffer.from(input + rest, "latin1"));
  expect((codec.decode(queue, false) as Buffer).toString("latin1")).toBe(item);
  expect(queue.take().toString("latin1")).toBe(rest);
}
