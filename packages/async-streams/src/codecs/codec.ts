/** What a codec is, and what all codecs with a limit take. */
import type { ByteQueue } from "../byte-queue.ts";
import { checkInteger, checkOptions, rangeError, typeError } from "../check.ts";

/** Turns items into bytes and bytes into items; it does no I/O, so it can be fed by anything. */
export interface Codec<In, Out = In> {
  /** The bytes (or text) of one item. Throws TypeError or RangeError for an item that cannot be sent. */
  encode(item: Out): string | Uint8Array | readonly (string | Uint8Array)[];
  /**
   * Takes one item from the front of the queue, or returns undefined where it is not all there yet. With `ended`,
   * nothing more will come: what is left may be a last item. Throws ProtocolError for what the peer must not send.
   */
  decode(queue: ByteQueue, ended: boolean): In | undefined;
}

/** What to do with an item over `maxLength`: fail, or leave it out and go on with the next one. */
export type OverflowPolicy = "error" | "skip";

/** What every codec here takes. */
export interface CodecOptions {
  /** The longest item, in bytes without what frames it. Default 65,536. */
  maxLength?: number;
  /** What to do with a longer one: `"error"` is a LimitError, `"skip"` leaves it out. Default `"error"`. */
  overflow?: OverflowPolicy;
}

const DEFAULT_MAX_LENGTH = 64 * 1024;

/** The options with their defaults; `most` is the longest item that the format can express. */
export function checkCodecOptions(options: CodecOptions, most = 2 ** 31 - 1): Required<CodecOptions> {
  checkOptions("options", options);
  const { overflow = "error", maxLength = Math.min(DEFAULT_MAX_LENGTH, most) } = options;
  if (overflow !== "error" && overflow !== "skip") throw rangeError("overflow", '"error" or "skip"', overflow);
  return { overflow, maxLength: checkInteger("maxLength", maxLength, 1, most) };
}

/** How many bytes an item takes. Throws for what is neither text nor bytes, and for more than `maxLength`. */
export function checkItem(item: unknown, maxLength: number): number {
  if (typeof item !== "string" && !(item instanceof Uint8Array)) throw typeError("item", "text or a Uint8Array", item);
  const length = Buffer.byteLength(item);
  if (length > maxLength) throw rangeError("item", `at most ${maxLength} bytes long`, item);
  return length;
}
