/** Lines of text. */
import type { ByteQueue } from "../byte-queue.ts";
import { checkInteger, checkOptions, rangeError, typeError } from "../check.ts";
import { LimitError } from "../errors.ts";
import type { Codec, OverflowPolicy } from "./codec.ts";

/** What `lines` takes. */
export interface LinesOptions {
  /** What ends a line. Default `"\n"`, and then `"\r\n"` ends one too when reading. */
  delimiter?: string;
  /** Default `"utf8"`. */
  encoding?: "utf8" | "latin1";
  /** The longest line, in bytes without its delimiter. Default 65,536. */
  maxLength?: number;
  /** What to do with a longer one: `"error"` is a LimitError, `"skip"` leaves it out. Default `"error"`. */
  overflow?: OverflowPolicy;
}

const DEFAULT_MAX_LENGTH = 64 * 1024;
const RETURN = 13;

/** A line was left out; the next one may be there. */
const again = Symbol("again");

/**
 * A codec of lines, both ways without their delimiter. The last line before the end of the stream may lack it. Sending
 * a line that would arrive as two, because it holds the delimiter, is a RangeError. One codec may serve any number of
 * connections.
 */
export function lines(options: LinesOptions = {}): Codec<string> {
  checkOptions("options", options);
  const { delimiter = "\n", encoding = "utf8", overflow = "error" } = options;
  const maxLength = checkInteger("maxLength", options.maxLength ?? DEFAULT_MAX_LENGTH, 1, 2 ** 31 - 1);
  if (encoding !== "utf8" && encoding !== "latin1") throw rangeError("encoding", '"utf8" or "latin1"', encoding);
  if (overflow !== "error" && overflow !== "skip") throw rangeError("overflow", '"error" or "skip"', overflow);
  if (typeof delimiter !== "string") throw typeError("delimiter", "a string", delimiter);
  if (delimiter === "") throw rangeError("delimiter", "at least one character", delimiter);
  checkEncodable("delimiter", delimiter);
  const end = Buffer.from(delimiter, encoding);
  const trimsReturn = delimiter === "\n";
  /** Streams that are inside a line which is left out. */
  const skipping = new WeakSet<ByteQueue>();

  /** A character outside Latin-1 would be cut to its low byte, which may be a delimiter. */
  function checkEncodable(name: string, text: string): void {
    if (encoding === "latin1" && /[^\0-\xff]/.test(text)) throw rangeError(name, "text in Latin-1", text);
  }

  /** The length of a line that ends at `at`. */
  function lengthOf(queue: ByteQueue, at: number): number {
    return trimsReturn && queue.at(at - 1) === RETURN ? at - 1 : at;
  }

  function next(queue: ByteQueue, ended: boolean): string | undefined | typeof again {
    const at = queue.find(end);
    if (at < 0) return unfinished(queue, ended);
    const length = lengthOf(queue, at);
    const isRest = overflow === "skip" && skipping.delete(queue);
    if (isRest || length > maxLength) {
      if (overflow === "error") throw new LimitError(length, maxLength);
      queue.skip(at + end.length);
      return again;
    }
    const line = queue.takeText(length, encoding);
    queue.skip(at - length + end.length);
    return line;
  }

  /** What to do where no delimiter has arrived. */
  function unfinished(queue: ByteQueue, ended: boolean): string | undefined {
    // The delimiter may have begun in the last bytes.
    const known = ended ? queue.length : lengthOf(queue, Math.max(0, queue.length - end.length + 1));
    const isRest = overflow === "skip" && skipping.has(queue);
    if (isRest || known > maxLength) {
      if (overflow === "error") throw new LimitError(known, maxLength);
      queue.skip(known);
      if (!ended) skipping.add(queue);
      return undefined;
    }
    return ended && queue.length > 0 ? queue.takeText(queue.length, encoding) : undefined;
  }

  return {
    encode(line) {
      if (typeof line !== "string") throw typeError("line", "a string", line);
      const ended = line + delimiter;
      if (ended.indexOf(delimiter) < line.length)
        throw rangeError("line", `without ${JSON.stringify(delimiter)}`, line);
      checkEncodable("line", line);
      return encoding === "utf8" ? ended : Buffer.from(ended, encoding);
    },
    decode(queue, ended) {
      for (;;) {
        const line = next(queue, ended);
        if (line !== again) return line;
      }
    },
  };
}
