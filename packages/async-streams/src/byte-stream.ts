/** A reader and a writer over anything that carries bytes, and its end. */
import type { ByteSink } from "./byte-sink.ts";
import type { ByteSource } from "./byte-source.ts";
import { checkInteger, checkOptions } from "./check.ts";
import { StreamError } from "./errors.ts";
import { DEFAULT_LIMIT, MAX_LENGTH, Reader } from "./reader.ts";
import { rejected, Writer } from "./writer.ts";

/** The longest wait, in milliseconds: what a timer of Node.js can hold. */
const MAX_TIMEOUT = 2 ** 31 - 1;

/** What every stream takes. */
export interface StreamOptions {
  /** The longest line or delimited piece, in bytes. Default 65,536. */
  limit?: number;
}

/** What `close` takes. */
export interface CloseOptions {
  /** Milliseconds for what is buffered to leave and for the peer to end. Default 5,000. */
  timeout?: number;
}

/** Bytes both ways, over whatever carries them; a `Connection` is one. */
export interface ByteStream extends AsyncDisposable {
  /** What the peer sends. */
  readonly reader: Reader;
  /** What the peer gets. */
  readonly writer: Writer;
  /** Resolves when the stream is closed on this side, by whatever call. Never rejects. */
  readonly closed: Promise<void>;
  /**
   * Ends in order: sends what is buffered, says that nothing follows, discards what still arrives until the peer's end,
   * and closes, at the latest after `timeout`. Rejects with what kept buffered data from being sent.
   */
  close(options?: CloseOptions): Promise<void>;
  /** Closes at once: what is buffered is dropped, and waiting calls get a ClosedError. */
  abort(): void;
}

/** What carries the bytes of a stream. */
export interface Transport {
  readonly source: ByteSource;
  readonly sink: ByteSink;
  /** Whether the sink's end needs no waiting for, and so no timer. */
  readonly endsAtOnce: boolean;
  /** After the sink's end: discards what arrives until the peer's end, for so many milliseconds at most, and closes. */
  finish(timeout: number): Promise<void>;
  /** Closes at once, and lets the peer know where it can. */
  abort(): void;
}

const CLOSE_TIMEOUT = 5_000;

export function checkStreamOptions({ limit = DEFAULT_LIMIT }: StreamOptions): StreamOptions {
  return { limit: checkInteger("limit", limit, 1, MAX_LENGTH) };
}

/** The life of a stream over its transport. */
export class TransportStream implements ByteStream {
  readonly reader: Reader;
  readonly writer: Writer;
  #transport: Transport;
  #closing: Promise<void> | undefined;
  #isReleased = false;
  #closed: Promise<void> | undefined;
  #onClosed: (() => void) | undefined;

  constructor(transport: Transport, options: StreamOptions) {
    this.#transport = transport;
    this.reader = new Reader(transport.source, options);
    this.writer = new Writer(transport.sink);
  }

  /** Goes on over another transport with the same reader and writer. */
  moveTo(transport: Transport): void {
    this.#transport = transport;
    this.reader.moveTo(transport.source);
    this.writer.moveTo(transport.sink);
  }

  /** Whether `close` or `abort` was called. */
  get isClosing(): boolean {
    return this.#isReleased || this.#closing !== undefined;
  }

  get closed(): Promise<void> {
    if (this.#isReleased) return Promise.resolve();
    this.#closed ??= new Promise((resolve) => {
      this.#onClosed = resolve;
    });
    return this.#closed;
  }

  close(options: CloseOptions = {}): Promise<void> {
    if (this.#closing === undefined) {
      let timeout: number;
      try {
        checkOptions("options", options);
        timeout = checkInteger("timeout", options.timeout ?? CLOSE_TIMEOUT, 0, MAX_TIMEOUT);
      } catch (error) {
        return rejected(error);
      }
      this.#closing = this.#finish(timeout);
      this.#closing.catch(() => {});
    }
    return this.#closing;
  }

  async #finish(timeout: number): Promise<void> {
    if (this.#transport.sink.closed) return this.#release();
    const deadline = performance.now() + timeout;
    try {
      const ended = this.writer.end();
      const isQuick = this.#transport.endsAtOnce && this.writer.buffered === 0;
      await (isQuick ? ended : this.#within(timeout, ended));
    } catch (error) {
      this.abort();
      throw error;
    }
    // An abort ends this too, though the kernel hears of it only at the deadline.
    await Promise.race([this.#transport.finish(Math.max(0, Math.ceil(deadline - performance.now()))), this.closed]);
    this.#release();
  }

  async #within(timeout: number, ended: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const expired = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        const message = `close: ${this.writer.buffered} bytes were not sent within ${timeout} ms`;
        reject(new StreamError(message, "ERR_STREAM_TIMEOUT"));
      }, timeout);
    });
    try {
      await Promise.race([ended, expired]);
    } finally {
      clearTimeout(timer);
    }
  }

  abort(): void {
    this.#transport.abort();
    this.#release();
  }

  #release(): void {
    this.#isReleased = true;
    this.#onClosed?.();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
