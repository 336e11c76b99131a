/** What may end a piece of a byte stream: one sequence of bytes, or the first of several. */
import type { ByteQueue } from "./byte-queue.ts";
import { rangeError, typeError } from "./check.ts";
import { LimitError } from "./errors.ts";

/** Text means its UTF-8 bytes. Throws TypeError or RangeError for what cannot separate anything. */
export function asSeparators(value: unknown): Uint8Array[] {
  const list = Array.isArray(value) ? value : [value];
  if (list.length === 0) throw rangeError("separator", "at least one separator", value);
  return list.map((item: unknown) => {
    const bytes = typeof item === "string" ? Buffer.from(item) : item;
    if (!(bytes instanceof Uint8Array)) throw typeError("separator", "text or a Uint8Array, or a list of them", value);
    if (bytes.length === 0) throw rangeError("separator", "at least one byte long", value);
    return bytes;
  });
}

/**
 * Takes everything up to and with the separator that ends first, or undefined; before `from` there is none. Throws
 * LimitError where more than `limit` bytes come before it.
 */
export function takeUntil(
  queue: ByteQueue,
  separators: readonly Uint8Array[],
  from: number,
  limit: number,
): Buffer | undefined {
  let begin = 0;
  let end = Number.POSITIVE_INFINITY;
  for (const separator of separators) {
    const at = queue.indexOfSequence(separator, from);
    if (at < 0 || at + separator.length >= end) continue;
    begin = at;
    end = at + separator.length;
  }
  if (end === Number.POSITIVE_INFINITY) return undefined;
  if (begin > limit) throw new LimitError(begin, limit);
  return queue.take(end);
}
