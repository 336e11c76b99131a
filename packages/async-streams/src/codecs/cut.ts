/** Cutting a stream at a delimiter, which lines and delimited bytes have in common. */
import type { ByteQueue } from "../byte-queue.ts";
import { LimitError } from "../errors.ts";
import type { CodecOptions } from "./codec.ts";

/** How to cut. */
export interface CutOptions<T> extends Required<CodecOptions> {
  /** What ends a piece. */
  end: Uint8Array;
  /** Whether a carriage return before the end belongs to it. */
  trimsReturn: boolean;
  /** Takes a piece of so many bytes. */
  take: (queue: ByteQueue, length: number) => T;
}

const RETURN = 13;

/** A piece was left out; the next one may be there. */
const again = Symbol("again");

/** The `decode` of a codec; the last piece before the end of the stream may lack its delimiter. */
export function cutAt<T>(options: CutOptions<T>): (queue: ByteQueue, ended: boolean) => T | undefined {
  const { end, maxLength, overflow, trimsReturn, take } = options;
  /** Streams that are inside a piece which is left out. */
  const skipping = new WeakSet<ByteQueue>();

  /** The length of a piece that ends at `at`. */
  function lengthOf(queue: ByteQueue, at: number): number {
    return trimsReturn && queue.at(at - 1) === RETURN ? at - 1 : at;
  }

  function next(queue: ByteQueue, ended: boolean): T | undefined | typeof again {
    const at = queue.find(end);
    if (at < 0) return unfinished(queue, ended);
    const length = lengthOf(queue, at);
    const isRest = overflow === "skip" && skipping.delete(queue);
    if (isRest || length > maxLength) {
      if (overflow === "error") throw new LimitError(length, maxLength);
      queue.skip(at + end.length);
      return again;
    }
    const piece = take(queue, length);
    queue.skip(at - length + end.length);
    return piece;
  }

  /** What to do where no delimiter has arrived. */
  function unfinished(queue: ByteQueue, ended: boolean): T | undefined {
    // The delimiter may have begun in the last bytes.
    const known = ended ? queue.length : lengthOf(queue, Math.max(0, queue.length - end.length + 1));
    const isRest = overflow === "skip" && skipping.has(queue);
    if (isRest || known > maxLength) {
      if (overflow === "error") throw new LimitError(known, maxLength);
      queue.skip(known);
      if (!ended) skipping.add(queue);
      return undefined;
    }
    return ended && queue.length > 0 ? take(queue, queue.length) : undefined;
  }

  return (queue, ended) => {
    for (;;) {
      const piece = next(queue, ended);
      if (piece !== again) return piece;
    }
  };
}
