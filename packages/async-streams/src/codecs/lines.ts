/** Lines of text. */
import type { ByteQueue } from "../byte-queue.ts";
import { checkInteger, rangeError, typeError } from "../check.ts";
import { LimitError } from "../errors.ts";
import type { Codec, OverflowPolicy } from "./codec.ts";

/** What `lines` takes. */
export interface LinesOptions {
  /** What ends a line. Default `"\n"`, and then `"\r\n"` ends one too when reading. */
  delimiter?: string;
  /** Default `"utf8"`. */
  encoding?: BufferEncoding;
  /** The longest line, in bytes without its delimiter. Default 65,536. */
  maxLength?: number;
  /** What to do with a longer one: `"error"` is a LimitError, `"skip"` leaves it out. Default `"error"`. */
  overflow?: OverflowPolicy;
}

const DEFAULT_MAX_LENGTH = 64 * 1024;
const RETURN = 13;

/**
 * A codec of lines, both ways without their delimiter. The last line before the end of the stream may lack it. Sending
 * a line that holds the delimiter is a RangeError: it would arrive as two. Use one codec per connection.
 */
export function lines(options: LinesOptions = {}): Codec<string> {
  const { delimiter = "\n", encoding = "utf8", overflow = "error" } = options;
  const maxLength = checkInteger("maxLength", options.maxLength ?? DEFAULT_MAX_LENGTH, 1, 2 ** 31 - 1);
  if (typeof delimiter !== "string") throw typeError("delimiter", "a string", delimiter);
  if (delimiter === "") throw rangeError("delimiter", "at least one character", delimiter);
  if (!Buffer.isEncoding(encoding)) throw rangeError("encoding", "an encoding that Buffer knows", encoding);
  if (overflow !== "error" && overflow !== "skip") throw rangeError("overflow", '"error" or "skip"', overflow);
  const end = Buffer.from(delimiter, encoding);
  const trimsReturn = delimiter === "\n";
  /** How much of the queue is known to hold no delimiter. */
  let searched = 0;
  let skipping = false;

  function next(queue: ByteQueue, ended: boolean): string | undefined | typeof again {
    const at = queue.indexOfSequence(end, searched);
    if (at < 0) {
      // The delimiter may have begun in the last bytes.
      searched = Math.max(0, queue.length - end.length + 1);
      if (searched > maxLength || skipping) return overlong(queue, searched, ended);
      if (!ended || queue.length === 0) return undefined;
      searched = 0;
      return queue.length > maxLength ? overlong(queue, queue.length, ended) : queue.takeText(queue.length, encoding);
    }
    searched = 0;
    if (skipping) {
      queue.skip(at + end.length);
      skipping = false;
      return again;
    }
    if (at > maxLength) {
      if (overflow === "error") throw new LimitError(at, maxLength);
      queue.skip(at + end.length);
      return again;
    }
    const length = trimsReturn && at > 0 && queue.at(at - 1) === RETURN ? at - 1 : at;
    const line = queue.takeText(length, encoding);
    queue.skip(at - length + end.length);
    return line;
  }

  function overlong(queue: ByteQueue, length: number, ended: boolean): undefined {
    searched = 0;
    if (overflow === "error") throw new LimitError(length, maxLength);
    queue.skip(ended ? queue.length : length);
    skipping = !ended;
    return undefined;
  }

  return {
    encode(line) {
      if (typeof line !== "string") throw typeError("line", "a string", line);
      if (line.includes(delimiter)) throw rangeError("line", `without ${JSON.stringify(delimiter)}`, line);
      return encoding === "utf8" ? line + delimiter : Buffer.from(line + delimiter, encoding);
    },
    decode(queue, ended) {
      for (;;) {
        const line = next(queue, ended);
        if (line !== again) return line;
      }
    },
  };
}

/** A line was left out; the next one may be there. */
const again = Symbol("again");
