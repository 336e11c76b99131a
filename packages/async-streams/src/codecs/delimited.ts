/** Bytes between delimiters. */
import { rangeError, typeError } from "../check.ts";
import { type Codec, type CodecOptions, checkCodecOptions } from "./codec.ts";
import { cutAt } from "./cut.ts";

/**
 * A codec of bytes that end with a delimiter (text means its UTF-8 bytes), both ways without it. The last item before
 * the end of the stream may lack it. Sending what holds the delimiter, and so would arrive as two items, is a
 * RangeError. One codec may serve any number of connections.
 */
export function delimited(
  delimiter: string | Uint8Array,
  options: CodecOptions = {},
): Codec<Buffer, string | Uint8Array> {
  if (typeof delimiter !== "string" && !(delimiter instanceof Uint8Array)) {
    throw typeError("delimiter", "text or a Uint8Array", delimiter);
  }
  if (delimiter.length === 0) throw rangeError("delimiter", "at least one byte long", delimiter);
  const end = Buffer.from(delimiter as Uint8Array);
  return {
    encode(item) {
      if (typeof item !== "string" && !(item instanceof Uint8Array)) {
        throw typeError("item", "text or a Uint8Array", item);
      }
      const ended = Buffer.concat([typeof item === "string" ? Buffer.from(item) : item, end]);
      if (ended.indexOf(end) < ended.length - end.length) {
        const shown = typeof delimiter === "string" ? JSON.stringify(delimiter) : `0x${end.toString("hex")}`;
        throw rangeError("item", `without the delimiter ${shown}`, item);
      }
      return ended;
    },
    decode: cutAt({
      ...checkCodecOptions(options),
      end,
      trimsReturn: false,
      take: (queue, length) => queue.take(length),
    }),
  };
}
