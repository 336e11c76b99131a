/** Lines of text. */
import { rangeError, typeError } from "../check.ts";
import { type Codec, type CodecOptions, checkCodecOptions } from "./codec.ts";
import { cutAt } from "./cut.ts";

/** What `lines` takes. */
export interface LinesOptions extends CodecOptions {
  /** What ends a line. Default `"\n"`, and then `"\r\n"` ends one too when reading. */
  delimiter?: string;
  /** Default `"utf8"`. */
  encoding?: "utf8" | "latin1";
}

/**
 * A codec of lines, both ways without their delimiter. The last line before the end of the stream may lack it. Sending
 * a line that would arrive as two, because it holds the delimiter, is a RangeError. One codec may serve any number of
 * connections.
 */
export function lines(options: LinesOptions = {}): Codec<string> {
  const { maxLength, overflow } = checkCodecOptions(options);
  const { delimiter = "\n", encoding = "utf8" } = options;
  if (encoding !== "utf8" && encoding !== "latin1") throw rangeError("encoding", '"utf8" or "latin1"', encoding);
  if (typeof delimiter !== "string") throw typeError("delimiter", "a string", delimiter);
  if (delimiter === "") throw rangeError("delimiter", "at least one character", delimiter);
  checkEncodable("delimiter", delimiter);

  /** A character outside Latin-1 would be cut to its low byte, which may be a delimiter. */
  function checkEncodable(name: string, text: string): void {
    if (encoding === "latin1" && /[^\0-\xff]/.test(text)) throw rangeError(name, "text in Latin-1", text);
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
    decode: cutAt({
      end: Buffer.from(delimiter, encoding),
      maxLength,
      overflow,
      trimsReturn: delimiter === "\n",
      take: (queue, length) => queue.takeText(length, encoding),
    }),
  };
}
