/** A Duplex of `node:stream` as what carries a stream. */
import type { Duplex } from "node:stream";
import { ClosedError, SocketError, type WaitOptions } from "@sockeye/socket-core";
import type { ByteQueue } from "../byte-queue.ts";
import type { ByteSink } from "../byte-sink.ts";
import type { ByteSource } from "../byte-source.ts";
import type { Transport } from "../byte-stream.ts";
import { StreamError } from "../errors.ts";
import { Waker } from "../waker.ts";

/** A Duplex keeps what it is given, and the writer's memory is not its to keep: so many bytes are copied at a time. */
const CHUNK_SIZE = 64 * 1024;

/** What Node.js reports of the network is a SocketError; everything else stays what it is. */
export function translateError(error: unknown): unknown {
  if (error instanceof SocketError || !(error instanceof Error)) return error;
  const { code, errno, syscall } = error as NodeJS.ErrnoException;
  if (code === undefined || typeof errno !== "number" || syscall === undefined) return error;
  return new SocketError(error.message, { code, errno, syscall, cause: error });
}

/** How a transport differs from the plain one. */
export interface DuplexTransportOptions {
  /** What an error of the Duplex is for us. Default: `translateError`. */
  translate?: (error: unknown) => unknown;
  /** Looks at the end whether it is none: the error, or undefined. Default: it is one. */
  checkEnd?: () => unknown;
}

export class DuplexTransport implements Transport, ByteSource, ByteSink {
  readonly source: ByteSource = this;
  readonly sink: ByteSink = this;
  readonly endsAtOnce = false;
  readonly #duplex: Duplex;
  readonly #translate: (error: unknown) => unknown;
  readonly #readers = new Waker("recv");
  readonly #writers = new Waker("send");
  #ended = false;
  #closed = false;
  #failure: { error: unknown } | undefined;

  constructor(duplex: Duplex, { translate = translateError, checkEnd }: DuplexTransportOptions = {}) {
    this.#duplex = duplex;
    const wake = (): void => {
      this.#readers.wake();
      this.#writers.wake();
    };
    this.#translate = translate;
    this.#ended = duplex.readableEnded;
    duplex.on("readable", () => this.#readers.wake());
    duplex.on("end", () => {
      const error = checkEnd?.();
      if (error === undefined) this.#ended = true;
      else this.#failure ??= { error };
      wake();
    });
    duplex.on("drain", () => this.#writers.wake());
    // The listener stays after the end: what comes late must not end the process.
    duplex.on("error", (error) => {
      this.#failure ??= { error: translate(error) };
      wake();
    });
    duplex.on("close", wake);
  }

  get closed(): boolean {
    return this.#closed;
  }

  pull(queue: ByteQueue): number | null {
    if (this.#closed) throw new ClosedError("recv");
    const chunk = this.#duplex.read() as Buffer | null;
    if (chunk !== null) {
      queue.push(chunk);
      return chunk.length;
    }
    if (this.#ended) return 0;
    this.#check("recv");
    return null;
  }

  /** Throws what ended the Duplex, if it did not end in order. */
  #check(what: string): void {
    // The error is known before its event comes.
    if (this.#duplex.errored) this.#failure ??= { error: this.#translate(this.#duplex.errored) };
    if (this.#closed) throw new ClosedError(what);
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#duplex.destroyed) throw new StreamError(`${what}: the stream was destroyed`, "ERR_STREAM_DESTROYED");
  }

  get #isOver(): boolean {
    return this.#closed || this.#failure !== undefined || this.#duplex.destroyed;
  }

  wait(options: WaitOptions | undefined): Promise<void> {
    if (this.#ended || this.#isOver || this.#duplex.readableLength > 0) return this.#readers.turn();
    return this.#readers.wait(options);
  }

  trySend(bytes: Uint8Array): number | null {
    this.#check("send");
    if (this.#duplex.writableEnded) throw new ClosedError("send");
    if (this.#duplex.writableNeedDrain) return null;
    const chunk = bytes.subarray(0, CHUNK_SIZE);
    this.#duplex.write(Buffer.from(chunk));
    return chunk.length;
  }

  writable(options: WaitOptions): Promise<void> {
    if (this.#isOver || !this.#duplex.writableNeedDrain) return this.#writers.turn();
    return this.#writers.wait(options);
  }

  async shutdown(): Promise<void> {
    this.#duplex.end();
    const finished = (): void => this.#writers.wake();
    this.#duplex.once("finish", finished);
    while (!this.#duplex.writableFinished) {
      this.#check("shutdown");
      await this.#writers.wait();
    }
  }

  async finish(timeout: number): Promise<void> {
    const deadline = performance.now() + timeout;
    const left = (): number => deadline - performance.now();
    while (!this.#ended && !this.#isOver && left() > 0) {
      if (this.#duplex.read() !== null) continue;
      // A deadline that passes is no error: what was ours to send is sent.
      await this.#readers.wait({ timeout: Math.max(1, left()) }).catch(() => {});
    }
    this.#close();
    this.#duplex.destroy();
  }

  abort(): void {
    if (this.#closed) return;
    this.#close();
    this.#duplex.destroy();
  }

  #close(): void {
    this.#closed = true;
    this.#readers.wake();
    this.#writers.wake();
  }
}
