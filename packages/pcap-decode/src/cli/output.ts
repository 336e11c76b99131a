import { once } from "node:events";
import pc from "picocolors";
import { escapeText } from "../format/escape.ts";

/** When to colour. */
export type ColorMode = "auto" | "always" | "never";

/** Text is handed to the system in pieces of about this size. */
const FLUSH_AT = 64 * 1024;
/** Width where the terminal's is not known, as for a pipe. */
const DEFAULT_WIDTH = 120;

/** Colours that are off unless `mode` and the stream call for them; NO_COLOR and FORCE_COLOR count under `auto`. */
export function colors(mode: ColorMode, stream: { readonly isTTY?: boolean }): ReturnType<typeof pc.createColors> {
  if (mode !== "auto") return pc.createColors(mode === "always");
  if (process.env.NO_COLOR) return pc.createColors(false);
  return pc.createColors(Boolean(process.env.FORCE_COLOR) || stream.isTTY === true);
}

/** Columns of the terminal. */
export function width(): number {
  return process.stdout.columns ?? DEFAULT_WIDTH;
}

/** The reader of our output is gone: `| head` has what it wants. Not an error. */
export class OutputClosed extends Error {}

/** Standard output with back-pressure: `line` is cheap, and awaits only when the reader is slower than we are. */
export class Output {
  #text = "";
  #closed = false;

  constructor() {
    process.stdout.on("error", (error: NodeJS.ErrnoException) => {
      this.#closed = true;
      if (error.code !== "EPIPE") throw error;
    });
  }

  line(text: string): Promise<void> | undefined {
    this.#text += `${text}\n`;
    return this.#text.length >= FLUSH_AT ? this.flush() : undefined;
  }

  async flush(): Promise<void> {
    if (this.#closed) throw new OutputClosed();
    const text = this.#text;
    this.#text = "";
    if (text !== "" && !process.stdout.write(text))
      await Promise.race([once(process.stdout, "drain"), once(process.stdout, "close")]);
    if (this.#closed) throw new OutputClosed();
  }
}

/** A line on standard error that says what is wrong. */
export function warn(message: string): void {
  process.stderr.write(`pcap-decode: ${escapeText(message)}\n`);
}
