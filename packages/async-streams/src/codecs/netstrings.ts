/** Netstrings: `5:hello,`. The format is D. J. Bernstein's of 1997. */
import type { ByteQueue } from "../byte-queue.ts";
import { IncompleteReadError, LimitError, ProtocolError } from "../errors.ts";
import { type Codec, type CodecOptions, checkCodecOptions, checkItem } from "./codec.ts";

const ZERO = 48;
const NINE = 57;
const COLON = 58;
const COMMA = 44;
/** Lengths of more digits are not exact as numbers; nobody sends them in earnest. */
const MAX_DIGITS = 15;

/**
 * A codec of netstrings. `maxLength` holds both ways: sending more is a RangeError. A length with leading zeros, with
 * anything but digits or of more than 15 of them, and an item without its comma are a ProtocolError, each as soon as it
 * shows. One codec may serve any number of connections.
 */
export function netstrings(options: CodecOptions = {}): Codec<Buffer, string | Uint8Array> {
  const { maxLength, overflow } = checkCodecOptions(options);
  /** What is still to come of an item that is left out, with its comma. */
  const skipping = new WeakMap<ByteQueue, number>();

  /** How many digits the length has, or -1 where more may follow. */
  function digitsAtFront(queue: ByteQueue): number {
    let length = 0;
    for (let at = 0; ; at++) {
      const byte = queue.at(at);
      if (byte < 0) return -1;
      if (byte === COLON && at > 0) return at;
      if (!(byte >= ZERO && byte <= NINE)) throw broken("a length in digits and then a colon", byte);
      if (at === 1 && queue.at(0) === ZERO) throw broken("a colon behind the length 0", byte);
      if (at === MAX_DIGITS) throw broken("a length of at most 15 digits", byte);
      length = length * 10 + byte - ZERO;
      // Before the colon too: more digits can only make it longer.
      if (length > maxLength && overflow === "error") throw new LimitError(queue.length, maxLength);
    }
  }

  function numberAtFront(queue: ByteQueue, digits: number): number {
    let length = 0;
    for (let at = 0; at < digits; at++) length = length * 10 + queue.at(at) - ZERO;
    return length;
  }

  /** Whether an item that is left out is over. */
  function skipRest(queue: ByteQueue, left: number, ended: boolean): boolean {
    const count = Math.min(left - 1, queue.length);
    queue.skip(count);
    skipping.set(queue, left - count);
    if (queue.length === 0) {
      if (ended) throw new IncompleteReadError(Buffer.alloc(0), null);
      return false;
    }
    // A wrong byte stays where it is, and so is wrong again.
    checkComma(queue, 0);
    queue.skip(1);
    skipping.delete(queue);
    return true;
  }

  return {
    encode: (item) => [`${checkItem(item, maxLength)}:`, item, ","],
    decode(queue, ended) {
      for (;;) {
        const left = overflow === "skip" ? skipping.get(queue) : undefined;
        if (left !== undefined) {
          if (!skipRest(queue, left, ended)) return undefined;
          continue;
        }
        const digits = digitsAtFront(queue);
        if (digits < 0) return undefined;
        const length = numberAtFront(queue, digits);
        if (length > maxLength) {
          queue.skip(digits + 1);
          skipping.set(queue, length + 1);
          continue;
        }
        const end = digits + 1 + length;
        if (queue.length <= end) return undefined;
        checkComma(queue, end);
        queue.skip(digits + 1);
        const item = queue.take(length);
        queue.skip(1);
        return item;
      }
    },
  };
}

function checkComma(queue: ByteQueue, at: number): void {
  const byte = queue.at(at);
  if (byte !== COMMA) throw broken("a comma behind the item", byte);
}

function broken(expected: string, byte: number): ProtocolError {
  return new ProtocolError(`A netstring must have ${expected}, got the byte 0x${byte.toString(16).padStart(2, "0")}`);
}
