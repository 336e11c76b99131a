/** Bytes behind their length. */
import type { ByteQueue } from "../byte-queue.ts";
import { rangeError } from "../check.ts";
import { IncompleteReadError, LimitError } from "../errors.ts";
import { type Codec, type CodecOptions, checkCodecOptions, checkItem } from "./codec.ts";

/** What `lengthPrefixed` takes. */
export interface LengthPrefixedOptions extends CodecOptions {
  /** The size of the length, in bytes. Default 4. */
  bytes?: 1 | 2 | 4;
  /** Whether the length has its least significant byte first. Default false: network byte order. */
  littleEndian?: boolean;
}

/** The longest item that a length of so many bytes can tell, as far as a Buffer can hold it. */
const MOST = { 1: 0xff, 2: 0xffff, 4: 0x7fffffff } as const;

/**
 * A codec of bytes, each behind its length (which does not count itself). `maxLength` holds both ways: sending more is
 * a RangeError. A stream that ends inside an item is an IncompleteReadError. One codec may serve any number of
 * connections.
 */
export function lengthPrefixed(options: LengthPrefixedOptions = {}): Codec<Buffer, string | Uint8Array> {
  const { bytes = 4, littleEndian = false } = Object(options) as LengthPrefixedOptions;
  if (!Object.hasOwn(MOST, bytes)) throw rangeError("bytes", "1, 2 or 4", bytes);
  const { maxLength, overflow } = checkCodecOptions(options, MOST[bytes]);
  /** What is still to come of an item that is left out. */
  const skipping = new WeakMap<ByteQueue, number>();

  /** The position of the n-th most significant byte of the length. */
  const place = (n: number): number => (littleEndian ? bytes - 1 - n : n);

  function lengthAtFront(queue: ByteQueue): number {
    let length = 0;
    // Not by shifting: the highest bit of four bytes is no sign.
    for (let n = 0; n < bytes; n++) length = length * 256 + queue.at(place(n));
    return length;
  }

  /** Whether an item that is left out is over. */
  function skipRest(queue: ByteQueue, left: number, ended: boolean): boolean {
    const count = Math.min(left, queue.length);
    queue.skip(count);
    if (count === left) {
      skipping.delete(queue);
      return true;
    }
    skipping.set(queue, left - count);
    if (ended) throw new IncompleteReadError(Buffer.alloc(0), null);
    return false;
  }

  return {
    encode(item) {
      let length = checkItem(item, maxLength);
      const header = Buffer.allocUnsafe(bytes);
      for (let n = bytes - 1; n >= 0; n--) {
        header[place(n)] = length;
        length = Math.floor(length / 256);
      }
      return [header, item];
    },
    decode(queue, ended) {
      for (;;) {
        const left = overflow === "skip" ? skipping.get(queue) : undefined;
        if (left !== undefined) {
          if (!skipRest(queue, left, ended)) return undefined;
          continue;
        }
        if (queue.length < bytes) return undefined;
        const length = lengthAtFront(queue);
        if (length <= maxLength) {
          if (queue.length < bytes + length) return undefined;
          queue.skip(bytes);
          return queue.take(length);
        }
        if (overflow === "error") throw new LimitError(Math.min(queue.length, bytes + length), maxLength);
        skipping.set(queue, bytes + length);
      }
    },
  };
}
