import { ResponseTooLarge } from "./errors.ts";

/** Characters of one line when nothing else is said. */
const DEFAULT_MAX_LINE_LENGTH = 16_777_216;

/** Splits text that comes in pieces into lines; `\n`, `\r\n` and `\r` end a line, unless a delimiter is given. */
export class LineSplitter {
  readonly #delimiter: string | null;
  readonly #limit: number;
  #rest = "";

  constructor(delimiter: string | null = null, limit: number = DEFAULT_MAX_LINE_LENGTH) {
    this.#delimiter = delimiter;
    this.#limit = limit;
  }

  /** The lines that are complete with this piece. Throws ResponseTooLarge when one is longer than the limit. */
  push(text: string): string[] {
    const all = this.#rest + text;
    let lines: string[];
    if (this.#delimiter !== null) {
      lines = all.split(this.#delimiter);
      this.#rest = lines.pop()!;
    } else {
      // A final \r may be the first half of \r\n.
      const held = all.endsWith("\r") ? 1 : 0;
      lines = all.slice(0, all.length - held).split(/\r\n|\n|\r/);
      this.#rest = lines.pop()! + (held ? "\r" : "");
    }
    if (this.#rest.length > this.#limit || lines.some((line) => line.length > this.#limit)) {
      throw new ResponseTooLarge(`a line is longer than ${this.#limit} characters`);
    }
    return lines;
  }

  /** The last line, if the text does not end with a line end. */
  end(): string[] {
    const rest = this.#rest;
    this.#rest = "";
    if (rest === "") return [];
    return [this.#delimiter === null && rest.endsWith("\r") ? rest.slice(0, -1) : rest];
  }
}
