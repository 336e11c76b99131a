/** A reader and a writer over one stream socket, and its end. */
import { type Address, SO_LINGER, SOL_SOCKET, type Socket } from "@sockeye/socket-core";
import { SocketSource } from "./byte-source.ts";
import { checkInteger, checkOptions } from "./check.ts";
import { StreamError } from "./errors.ts";
import { Reader } from "./reader.ts";
import { MAX_TIMEOUT } from "./wait.ts";
import { rejected, Writer } from "./writer.ts";

/** What connections of both sides take. */
export interface StreamOptions {
  /** The longest line or delimited piece, in bytes. Default 65,536. */
  limit?: number;
}

/** What `close` takes. */
export interface CloseOptions {
  /** Milliseconds for what is buffered to leave and for the peer to end. Default 5,000. */
  timeout?: number;
}

const CLOSE_TIMEOUT = 5_000;

/** struct linger { on, seconds }: on and 0 turns close into a reset, socket(7). */
const RESET = new Uint8Array(new Int32Array([1, 0]).buffer);

/** A connected stream. Take the halves apart as you like: `const { reader, writer } = connection`. */
export class Connection implements AsyncDisposable {
  /** What the peer sends. */
  readonly reader: Reader;
  /** What the peer gets. */
  readonly writer: Writer;
  /** The peer's address. */
  readonly remoteAddress: Address;
  /**
   * The socket underneath, for its options: `socket.setsockopt`, `socket.getsockopt`. Reading, writing and closing are
   * this connection's.
   */
  readonly socket: Socket;
  #closing: Promise<void> | undefined;
  #isReleased = false;
  #closed: Promise<void> | undefined;
  #onClosed: (() => void) | undefined;

  /** @internal */
  constructor(socket: Socket, remoteAddress: Address, options: StreamOptions) {
    this.socket = socket;
    this.remoteAddress = remoteAddress;
    this.reader = new Reader(new SocketSource(socket), options);
    this.writer = new Writer(socket);
  }

  /** Our address. Throws SocketError or ClosedError. */
  get localAddress(): Address {
    return this.socket.getsockname();
  }

  /** Resolves when the connection is closed on this side, by whatever call. Never rejects. */
  get closed(): Promise<void> {
    if (this.#isReleased) return Promise.resolve();
    this.#closed ??= new Promise((resolve) => {
      this.#onClosed = resolve;
    });
    return this.#closed;
  }

  /**
   * Ends in order: sends what is buffered, says that nothing follows, discards what still arrives until the peer's end,
   * and closes. After `timeout` it closes anyway; if not everything was sent by then, the peer sees a reset instead of
   * an end. Rejects with what kept buffered data from being sent; the connection is closed all the same. Calling it
   * again gives the same promise. The promise may be dropped.
   */
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
    if (this.socket.closed) return this.#release();
    const deadline = performance.now() + timeout;
    try {
      const ended = this.writer.end();
      await (this.writer.buffered === 0 ? ended : this.#within(timeout, ended));
    } catch (error) {
      this.abort();
      throw error;
    }
    // An abort ends this too, though the kernel hears of it only at the deadline.
    await Promise.race([
      this.socket.finish({ timeout: Math.max(0, Math.ceil(deadline - performance.now())) }),
      this.closed,
    ]);
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

  /** Closes at once: what is buffered is dropped, waiting calls get a ClosedError, and the peer sees a reset. */
  abort(): void {
    if (!this.socket.closed) {
      try {
        this.socket.setsockopt(SOL_SOCKET, SO_LINGER, RESET);
      } catch {
        // Some systems refuse options on a connection that the peer has reset: then there is nothing to reset.
      }
    }
    this.#release();
  }

  #release(): void {
    this.#isReleased = true;
    this.socket.close();
    this.#onClosed?.();
  }

  /** `close()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
