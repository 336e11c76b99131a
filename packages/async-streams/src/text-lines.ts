/** Lines cut off the front of a queue, as text, without the `\n` or `\r\n` that ends them. */
import type { ByteQueue } from "./byte-queue.ts";
import { LimitError } from "./errors.ts";

/**
 * Lines are decoded together, from so many bytes on and so many at a time. A line that is kept may keep all that was
 * decoded with it, so this is no more than what decoding one by one would save.
 */
const MIN_TOGETHER = 512;
const MAX_TOGETHER = 8 * 1024;

const NEWLINE = 10;
const RETURN = 13;

/** Takes a line that is wholly there, or undefined; before `from` there is no end of one. Throws LimitError. */
export function takeLine(queue: ByteQueue, from: number, limit: number): string | undefined {
  const newline = queue.indexOf(NEWLINE, from);
  const end = newline < 0 ? queue.length : newline;
  // A carriage return at the end belongs to the terminator, or will when the newline comes.
  const length = queue.at(end - 1) === RETURN ? end - 1 : end;
  if (length > limit) throw new LimitError(length, limit);
  if (newline < 0) return undefined;
  const line = queue.takeText(length);
  queue.skip(newline + 1 - length);
  return line;
}

/** Takes the lines that are wholly there, up to 8 KiB of them, or undefined; otherwise as `takeLine`. */
export function takeLines(queue: ByteQueue, from: number, limit: number): string[] | undefined {
  // What ends this early cannot be too long.
  const last = queue.lastIndexOf(NEWLINE, Math.min(MAX_TOGETHER, limit + 1));
  if (last < 0) {
    const line = takeLine(queue, from, limit);
    return line === undefined ? undefined : [line];
  }
  const text = queue.takeText(last);
  queue.skip(1);
  const lines = text.split("\n");
  if (text.includes("\r")) for (let i = 0; i < lines.length; i++) lines[i] = withoutReturn(lines[i]!);
  return lines;
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}

/** Lines that were decoded together and whose bytes are still at the front of the queue. */
export class DecodedLines {
  readonly #lines: readonly string[];
  /** The position of the next of them. */
  #next = 0;

  private constructor(lines: readonly string[]) {
    this.#lines = lines;
  }

  /** What is there, or null where one by one is better: too little, or not ASCII, where characters are not bytes. */
  static of(queue: ByteQueue): DecodedLines | null {
    if (queue.length < MIN_TOGETHER) return null;
    const last = queue.lastIndexOf(NEWLINE, MAX_TOGETHER);
    if (last < 0) return null;
    const text = queue.peekText(last);
    return text.length === last ? new DecodedLines(text.split("\n")) : null;
  }

  /** Whether all of them have been taken. */
  get taken(): boolean {
    return this.#next === this.#lines.length;
  }

  /** Takes the next one. Throws LimitError. */
  take(queue: ByteQueue, limit: number): string {
    const line = this.#lines[this.#next]!;
    const end = line.length;
    const length = end > 0 && line.charCodeAt(end - 1) === RETURN ? end - 1 : end;
    if (length > limit) throw new LimitError(length, limit);
    queue.skip(end + 1);
    this.#next++;
    return length === end ? line : line.slice(0, length);
  }
}
