/** The reading half: asyncio's StreamReader, with limits that hold and reads that can be cancelled. */
import type { WaitOptions } from "@sockeye/socket-core";
import { ByteQueue } from "./byte-queue.ts";
import type { ByteSource } from "./byte-source.ts";
import { checkInteger, rangeError, typeError } from "./check.ts";
import { IncompleteReadError, LimitError, StreamBusyError } from "./errors.ts";

/** The longest line or delimited piece, in bytes, unless a call or connection says otherwise: asyncio's 64 KiB. */
export const DEFAULT_LIMIT = 64 * 1024;
/** The largest single request, in bytes. */
export const MAX_LENGTH = 2 ** 31 - 1;
/** After so many reads from the kernel that did not wait, the other connections get a turn. */
const MAX_PULLS = 16;

const NEWLINE = 10;
const RETURN = 13;

/** What reads that look for something take. */
export interface LimitOptions extends WaitOptions {
  /** How many bytes to look through before a LimitError. Default: the connection's `limit`. */
  limit?: number;
}

/**
 * Reads a byte stream. Nothing is received while nobody reads, so a fast peer waits. One read at a time: a second is
 * a StreamBusyError. Cancelling a read (`signal`, `timeout`) loses nothing: the next one starts where it started.
 * After the data that has arrived comes what ended the stream: `null`, or a SocketError such as ECONNRESET, again and
 * again.
 */
export class Reader implements AsyncIterable<string> {
  readonly #queue: ByteQueue;
  readonly #source: ByteSource;
  readonly #limit: number;
  #pulls = 0;
  #reading = false;
  #ended = false;
  #failure: unknown = undefined;

  constructor(source: ByteSource, { limit = DEFAULT_LIMIT }: { limit?: number } = {}) {
    this.#source = source;
    this.#limit = limit;
    this.#queue = new ByteQueue();
  }

  /** Whether everything has been read: the stream ended and nothing is buffered. */
  get atEnd(): boolean {
    return this.#ended && this.#queue.length === 0;
  }

  /** Bytes that have arrived and were not read. */
  get buffered(): number {
    return this.#queue.length;
  }

  /** Gets more bytes into the queue; false at the end. Throws what broke the stream. */
  async #fill(options: WaitOptions | undefined): Promise<boolean> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#ended) return false;
    for (;;) {
      let count: number | null = null;
      if (this.#pulls < MAX_PULLS) {
        this.#pulls++;
        try {
          count = this.#source.pull(this.#queue);
        } catch (error) {
          this.#failure = error;
          throw error;
        }
      }
      if (count === 0) {
        this.#ended = true;
        return false;
      }
      if (count !== null) return true;
      await this.#source.wait(options);
      this.#pulls = 0;
    }
  }

  /** Runs what waits, one at a time. */
  async #exclusively<T>(what: string, read: () => Promise<T>): Promise<T> {
    if (this.#reading) throw new StreamBusyError(what);
    this.#reading = true;
    try {
      return await read();
    } finally {
      this.#reading = false;
    }
  }

  /**
   * Up to `max` bytes (default 65,536) as soon as there are any; `null` at the end.
   * Rejects with SocketError, TimeoutError, AbortError or StreamBusyError.
   */
  async read(max: number = DEFAULT_LIMIT, options?: WaitOptions): Promise<Buffer | null> {
    checkInteger("max", max, 1, MAX_LENGTH);
    return this.#exclusively("read", async () => {
      if (this.#queue.length === 0 && !(await this.#fill(options))) return null;
      return this.#queue.take(max);
    });
  }

  /**
   * Exactly `length` bytes. The limit does not apply. Rejects with IncompleteReadError, which holds what there was,
   * when the stream ends before.
   */
  async readExactly(length: number, options?: WaitOptions): Promise<Buffer> {
    checkInteger("length", length, 0, MAX_LENGTH);
    return this.#exclusively("readExactly", async () => {
      while (this.#queue.length < length) {
        if (!(await this.#fill(options))) throw new IncompleteReadError(this.#queue.take(), length);
      }
      return this.#queue.take(length);
    });
  }

  /**
   * Everything up to and with a separator; of several, the one that ends first. Text means its UTF-8 bytes.
   * Rejects with LimitError (the data stays) or, when the stream ends before, IncompleteReadError.
   */
  async readUntil(
    separator: string | Uint8Array | readonly (string | Uint8Array)[] = "\n",
    options?: LimitOptions,
  ): Promise<Buffer> {
    const separators = asSeparators(separator);
    const limit = checkLimit(options, this.#limit);
    const longest = Math.max(...separators.map((s) => s.length));
    return this.#exclusively("readUntil", async () => {
      let from = 0;
      for (;;) {
        let end = Number.POSITIVE_INFINITY;
        let begin = 0;
        for (const candidate of separators) {
          const at = this.#queue.indexOfSequence(candidate, Math.max(0, from));
          if (at >= 0 && at + candidate.length < end) {
            begin = at;
            end = at + candidate.length;
          }
        }
        if (end !== Number.POSITIVE_INFINITY) {
          if (begin > limit) throw new LimitError(begin, limit);
          return this.#queue.take(end);
        }
        // A separator may have begun in the last bytes; before them there is none.
        from = Math.max(0, this.#queue.length + 1 - longest);
        if (from > limit) throw new LimitError(from, limit);
        if (!(await this.#fill(options))) throw new IncompleteReadError(this.#queue.take(), null);
      }
    });
  }

  /** A line that is wholly there, or undefined. */
  #takeLine(from: number, limit: number): string | undefined {
    const queue = this.#queue;
    const end = queue.indexOf(NEWLINE, from);
    if (end < 0) {
      if (queue.length > limit) throw new LimitError(queue.length, limit);
      return undefined;
    }
    if (end > limit) throw new LimitError(end, limit);
    if (end > 0 && queue.at(end - 1) === RETURN) {
      const line = queue.takeText(end - 1);
      queue.skip(2);
      return line;
    }
    const line = queue.takeText(end);
    queue.skip(1);
    return line;
  }

  /**
   * The next line as text (UTF-8) without its `\n` or `\r\n`, an empty line is `""`; `null` at the end. The last line
   * may lack its terminator. Rejects with LimitError (the data stays) when a line is longer than the limit.
   */
  readLine(options?: LimitOptions): Promise<string | null> {
    try {
      const limit = options === undefined ? this.#limit : checkLimit(options, this.#limit);
      if (this.#reading) throw new StreamBusyError("readLine");
      const line = this.#takeLine(0, limit);
      if (line !== undefined) return Promise.resolve(line);
      this.#reading = true;
      return this.#waitForLine(limit, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async #waitForLine(limit: number, options: WaitOptions | undefined): Promise<string | null> {
    try {
      for (;;) {
        const searched = this.#queue.length;
        if (!(await this.#fill(options))) return searched === 0 ? null : this.#queue.takeText(searched);
        const line = this.#takeLine(searched, limit);
        if (line !== undefined) return line;
      }
    } finally {
      this.#reading = false;
    }
  }

  /** The lines until the end, as `readLine` gives them. `break` closes nothing. */
  [Symbol.asyncIterator](): AsyncIterator<string, undefined> {
    return {
      next: async (): Promise<IteratorResult<string, undefined>> => {
        const line = await this.readLine();
        return line === null ? { value: undefined, done: true } : { value: line, done: false };
      },
    };
  }

  /**
   * One item of a codec's, or `null` at the end of the stream between two items.
   * Rejects with what `decode` throws, or IncompleteReadError when the stream ends inside an item.
   */
  async decode<T>(
    decode: (queue: ByteQueue, ended: boolean) => T | undefined,
    options?: WaitOptions,
  ): Promise<T | null> {
    if (this.#reading) throw new StreamBusyError("decode");
    this.#reading = true;
    try {
      for (;;) {
        const item = decode(this.#queue, this.#ended);
        if (item !== undefined) return item;
        if (this.#ended) {
          if (this.#queue.length > 0) throw new IncompleteReadError(this.#queue.take(), null);
          return null;
        }
        await this.#fill(options);
      }
    } finally {
      this.#reading = false;
    }
  }
}

function checkLimit(options: LimitOptions | undefined, fallback: number): number {
  return options?.limit === undefined ? fallback : checkInteger("limit", options.limit, 1, MAX_LENGTH);
}

function asSeparators(value: unknown): Uint8Array[] {
  const list = Array.isArray(value) ? value : [value];
  if (list.length === 0) throw rangeError("separator", "at least one separator", value);
  return list.map((item: unknown) => {
    const bytes = typeof item === "string" ? Buffer.from(item) : item;
    if (!(bytes instanceof Uint8Array)) throw typeError("separator", "text or a Uint8Array, or a list of them", value);
    if (bytes.length === 0) throw rangeError("separator", "at least one byte long", value);
    return bytes;
  });
}
