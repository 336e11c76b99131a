/** The reading half: asyncio's StreamReader, with limits that hold and reads that can be cancelled. */
import type { WaitOptions } from "@sockeye/socket-core";
import { ByteQueue } from "./byte-queue.ts";
import type { ByteSource } from "./byte-source.ts";
import { checkFunction, checkInteger, rangeError, typeError } from "./check.ts";
import { IncompleteReadError, LimitError, StreamBusyError } from "./errors.ts";
import { asSeparators, takeUntil } from "./separators.ts";
import { DecodedLines, takeLine, takeLines } from "./text-lines.ts";
import { startWait, type Wait, waitFor } from "./wait.ts";

/** The longest line or delimited piece, in bytes, unless a call or connection says otherwise: asyncio's 64 KiB. */
export const DEFAULT_LIMIT = 64 * 1024;
/** What `readAll` takes without being told otherwise, in bytes. */
const MAX_ALL = 16 * 1024 * 1024;
/** The largest single request, in bytes. */
export const MAX_LENGTH = 2 ** 31 - 1;
/** After so many reads from the kernel that did not wait, the other connections get a turn. */
const MAX_PULLS = 4;

/** What reads that look for something take. */
export interface LimitOptions extends WaitOptions {
  /** How many bytes to go through before a LimitError. Default: the connection's `limit`; for `readAll` 16 MiB. */
  limit?: number;
}

/**
 * Reads a byte stream. Nothing is received while nobody reads, so a fast peer waits. One read at a time: a second is
 * a StreamBusyError. Cancelling a read (`signal`, `timeout`) loses nothing: the next one starts where it started.
 * After the data that has arrived comes what ended the stream: `null`, or a SocketError such as ECONNRESET, again and
 * again.
 */
export class Reader implements AsyncIterable<string> {
  readonly #queue = new ByteQueue();
  #source: ByteSource;
  readonly #limit: number;
  #pulls = 0;
  #reading = false;
  #ended = false;
  #failure: unknown = undefined;
  /** Lines decoded together, whose bytes are still in the queue; `null`: not to be tried before more has arrived. */
  #lines: DecodedLines | null | undefined = undefined;

  /** Reads from a source; `limit` is the longest line or delimited piece in bytes, by default 65,536. */
  constructor(source: ByteSource, { limit = DEFAULT_LIMIT }: { limit?: number } = {}) {
    this.#source = source;
    this.#limit = checkInteger("limit", limit, 1, MAX_LENGTH);
  }

  /**
   * Goes on with another source. What is buffered stays.
   * @internal
   */
  moveTo(source: ByteSource): void {
    this.#source = source;
  }

  /**
   * Whether a read waits.
   * @internal
   */
  get isReading(): boolean {
    return this.#reading;
  }

  /** Whether everything has been read: the stream ended and nothing is buffered. */
  get atEnd(): boolean {
    return this.#ended && this.#queue.length === 0;
  }

  /** Bytes that have arrived and were not read. */
  get buffered(): number {
    return this.#queue.length;
  }

  /** What every read begins with: one at a time, and its options. */
  #check(what: string, options: WaitOptions | undefined): Wait | undefined {
    const wait = this.#checkLine(what, options);
    // It takes bytes of its own choice, and what was decoded is no longer at the front.
    this.#lines = undefined;
    return wait;
  }

  #checkLine(what: string, options: WaitOptions | undefined): Wait | undefined {
    const wait = options === undefined ? undefined : startWait(what, options);
    if (this.#reading) throw new StreamBusyError(what);
    return wait;
  }

  /** Gets bytes without waiting: whether there were any, false at the end, or `null` when it is time to wait. */
  #pull(): boolean | null {
    const count = this.#pullTo(this.#queue);
    this.#lines = undefined;
    return count === null ? null : count > 0;
  }

  /** Gets bytes into the queue, or into memory of the caller: how many, 0 at the end, `null` when it is time to wait. */
  #pullTo(place: ByteQueue | Uint8Array): number | null {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#ended) return 0;
    if (this.#pulls === MAX_PULLS) return null;
    this.#pulls++;
    try {
      const source = this.#source;
      let count: number | null;
      if (place instanceof ByteQueue) count = source.pull(place);
      else if (source.pullInto !== undefined) count = source.pullInto(place);
      else {
        count = source.pull(this.#queue);
        if (count !== null && count > 0) return this.#queue.takeInto(place);
      }
      this.#ended = count === 0;
      return count;
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }

  /** Waits for bytes; false at the end. */
  async #fill(wait: Wait | undefined): Promise<boolean> {
    for (;;) {
      await waitFor(this.#source, wait);
      this.#pulls = 0;
      const more = this.#pull();
      if (more !== null) return more;
    }
  }

  /**
   * Up to `max` bytes (default 65,536) as soon as there are any; `null` at the end.
   * Rejects with SocketError, TimeoutError, AbortError or StreamBusyError.
   */
  async read(max: number = DEFAULT_LIMIT, options?: WaitOptions): Promise<Buffer | null> {
    checkInteger("max", max, 1, MAX_LENGTH);
    const wait = this.#check("read", options);
    this.#reading = true;
    try {
      if (this.#queue.length === 0 && !(this.#pull() ?? (await this.#fill(wait)))) return null;
      return this.#queue.take(max);
    } finally {
      this.#reading = false;
    }
  }

  /**
   * Moves bytes into memory of the caller as soon as there are any: how many, or `null` at the end. `target` must be
   * left alone until then. Rejects as `read` does.
   */
  async readInto(target: Uint8Array, options?: WaitOptions): Promise<number | null> {
    if (!(target instanceof Uint8Array)) throw typeError("target", "a Uint8Array", target);
    if (target.length === 0) throw rangeError("target", "at least one byte long", target);
    const wait = this.#check("readInto", options);
    this.#reading = true;
    try {
      for (;;) {
        const count = this.#takeInto(target);
        if (count !== null) return count > 0 ? count : null;
        await waitFor(this.#source, wait);
        this.#pulls = 0;
      }
    } finally {
      this.#reading = false;
    }
  }

  #takeInto(target: Uint8Array): number | null {
    return this.#queue.length > 0 ? this.#queue.takeInto(target) : this.#pullTo(target);
  }

  /**
   * `readInto` that does not wait: how many bytes, 0 at the end, or `null` when it is time to wait for `readable`.
   * Throws as `readInto` rejects.
   * @internal
   */
  tryReadInto(target: Uint8Array): number | null {
    this.#check("tryReadInto", undefined);
    return this.#takeInto(target);
  }

  /**
   * Resolves when `tryReadInto` would find something: whoever waits for it need not hold memory meanwhile.
   * @internal
   */
  async readable(): Promise<void> {
    this.#check("readable", undefined);
    this.#reading = true;
    try {
      await waitFor(this.#source, undefined);
      this.#pulls = 0;
    } finally {
      this.#reading = false;
    }
  }

  /**
   * A copy of the next `length` bytes, which stay to be read; fewer only at the end of the stream, and `null` where
   * nothing is left. The limit does not apply. Rejects as `read` does.
   */
  async peek(length: number, options?: WaitOptions): Promise<Buffer | null> {
    checkInteger("length", length, 1, MAX_LENGTH);
    const wait = this.#check("peek", options);
    this.#reading = true;
    try {
      while (this.#queue.length < length && (this.#pull() ?? (await this.#fill(wait))));
      return this.#queue.length === 0 ? null : this.#queue.peek(length);
    } finally {
      this.#reading = false;
    }
  }

  /**
   * Everything until the end of the stream; an empty Buffer where nothing is left. `limit` is by default 16 MiB.
   * Rejects with LimitError (the data stays) when there is more, or as `read` does.
   */
  async readAll(options?: LimitOptions): Promise<Buffer> {
    const limit = checkLimit(options, MAX_ALL);
    const wait = this.#check("readAll", options);
    this.#reading = true;
    try {
      do {
        if (this.#queue.length > limit) throw new LimitError(this.#queue.length, limit);
      } while (this.#pull() ?? (await this.#fill(wait)));
      return this.#queue.take();
    } finally {
      this.#reading = false;
    }
  }

  /**
   * The data as it arrives, until the end. `break` closes nothing and loses nothing; `timeout` is that of each chunk.
   * Rejects as `read` does.
   */
  async *chunks(options?: WaitOptions): AsyncGenerator<Buffer, void, undefined> {
    for (;;) {
      const chunk = await this.read(DEFAULT_LIMIT, options);
      if (chunk === null) return;
      yield chunk;
    }
  }

  /**
   * Exactly `length` bytes. The limit does not apply. Rejects with IncompleteReadError, which holds what there was,
   * when the stream ends before.
   */
  async readExactly(length: number, options?: WaitOptions): Promise<Buffer> {
    checkInteger("length", length, 0, MAX_LENGTH);
    const wait = this.#check("readExactly", options);
    this.#reading = true;
    try {
      while (this.#queue.length < length) {
        if (!(this.#pull() ?? (await this.#fill(wait)))) throw new IncompleteReadError(this.#queue.take(), length);
      }
      return this.#queue.take(length);
    } finally {
      this.#reading = false;
    }
  }

  /**
   * Everything up to and with a separator; of several, the one that ends first. Text means its UTF-8 bytes.
   * Rejects with LimitError (the data stays) when more than the limit comes before it or, when the stream ends first,
   * IncompleteReadError.
   */
  async readUntil(
    separator: string | Uint8Array | readonly (string | Uint8Array)[] = "\n",
    options?: LimitOptions,
  ): Promise<Buffer> {
    const separators = asSeparators(separator);
    const limit = checkLimit(options, this.#limit);
    const longest = Math.max(...separators.map((s) => s.length));
    const wait = this.#check("readUntil", options);
    this.#reading = true;
    try {
      let from = 0;
      for (;;) {
        const end = takeUntil(this.#queue, separators, from, limit);
        if (end !== undefined) return end;
        // A separator may have begun in the last bytes; before them there is none.
        from = Math.max(0, this.#queue.length + 1 - longest);
        if (from > limit) throw new LimitError(from, limit);
        if (!(this.#pull() ?? (await this.#fill(wait)))) throw new IncompleteReadError(this.#queue.take(), null);
      }
    } finally {
      this.#reading = false;
    }
  }

  /** A line that is wholly there, or undefined; before `from` there is no end of a line. */
  #takeLine(from: number, limit: number): string | undefined {
    const queue = this.#queue;
    if (from === 0 && this.#lines === undefined) this.#lines = DecodedLines.of(queue);
    const lines = this.#lines;
    if (!lines) return takeLine(queue, from, limit);
    const line = lines.take(queue, limit);
    if (lines.taken) this.#lines = undefined;
    return line;
  }

  /**
   * The next line as text (UTF-8) without its `\n` or `\r\n`, an empty line is `""`; `null` at the end. The last line
   * may lack its terminator. Rejects with LimitError (the data stays) when a line is longer than the limit.
   */
  readLine(options?: LimitOptions): Promise<string | null> {
    return this.#readLine(options, asLine);
  }

  /** The lines until the end, as `readLine` gives them. `break` closes nothing. */
  [Symbol.asyncIterator](): AsyncIterator<string, undefined> {
    return { next: () => this.#readLine(undefined, asResult) };
  }

  /**
   * The lines that are there, at least one and up to 8 KiB of them, as soon as one is: as `readLine` gives them, with
   * less work for each. `null` at the end. Rejects as `readLine` does, after the lines before the one that is too long.
   */
  async readLines(options?: LimitOptions): Promise<string[] | null> {
    const limit = checkLimit(options, this.#limit);
    const wait = this.#check("readLines", options);
    this.#reading = true;
    try {
      let lines = takeLines(this.#queue, 0, limit);
      while (lines === undefined) {
        const from = this.#queue.length;
        const more = this.#pull() ?? (await this.#fill(wait));
        if (!more) {
          const rest = this.#takeRest();
          return rest === null ? null : [rest];
        }
        lines = takeLines(this.#queue, from, limit);
      }
      return lines;
    } finally {
      this.#reading = false;
    }
  }

  /** Lines are the hot path: one that is there costs no wait, and one that comes a single one. */
  #readLine<T>(options: LimitOptions | undefined, give: Give<T>): Promise<T> {
    try {
      const limit = checkLimit(options, this.#limit);
      const wait = this.#checkLine("readLine", options);
      const line = this.#takeLine(0, limit);
      if (line !== undefined) return Promise.resolve(give(line));
      this.#reading = true;
      return Promise.resolve(this.#goOnWithLine(this.#queue.length, limit, wait, give));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Reads until a line is there; before `searched` there is no end of one. */
  #goOnWithLine<T>(searched: number, limit: number, wait: Wait | undefined, give: Give<T>): T | Promise<T> {
    try {
      for (let from = searched; ; from = this.#queue.length) {
        const more = this.#pull();
        if (more === null) return this.#waitForLine(from, limit, wait, give);
        const line = more ? this.#takeLine(from, limit) : this.#takeRest();
        if (line === undefined) continue;
        this.#reading = false;
        return give(line);
      }
    } catch (error) {
      this.#reading = false;
      throw error;
    }
  }

  /** The last line, which lacks its terminator; `null` where there is none. */
  #takeRest(): string | null {
    return this.#queue.length === 0 ? null : this.#queue.takeText(this.#queue.length);
  }

  /** Not an async function: that takes twice the memory while it waits, which is what most connections do. */
  #waitForLine<T>(searched: number, limit: number, wait: Wait | undefined, give: Give<T>): Promise<T> {
    return waitFor(this.#source, wait).then(
      () => {
        this.#pulls = 0;
        return this.#goOnWithLine(searched, limit, wait, give);
      },
      (error) => {
        this.#reading = false;
        throw error;
      },
    );
  }

  /**
   * One item of a codec's, or `null` at the end of the stream between two items.
   * Rejects with what `decode` throws, or IncompleteReadError when the stream ends inside an item.
   */
  async decode<T>(
    decode: (queue: ByteQueue, ended: boolean) => T | undefined,
    options?: WaitOptions,
  ): Promise<T | null> {
    checkFunction("decode", decode);
    const wait = this.#check("decode", options);
    this.#reading = true;
    try {
      for (;;) {
        const item = decode(this.#queue, this.#ended);
        if (item !== undefined) return item;
        if (this.#ended) {
          if (this.#queue.length > 0) throw new IncompleteReadError(this.#queue.take(), null);
          return null;
        }
        if (this.#pull() === null) await this.#fill(wait);
      }
    } finally {
      this.#reading = false;
    }
  }
}

/** What a line becomes for whoever asked. */
type Give<T> = (line: string | null) => T;

const asLine = (line: string | null): string | null => line;
const asResult = (line: string | null): IteratorResult<string, undefined> =>
  line === null ? { value: undefined, done: true } : { value: line, done: false };

function checkLimit(options: LimitOptions | undefined, fallback: number): number {
  return options?.limit === undefined ? fallback : checkInteger("limit", options.limit, 1, MAX_LENGTH);
}
