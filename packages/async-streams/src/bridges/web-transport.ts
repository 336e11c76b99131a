/** A pair of web streams as what carries a stream. */
import type { ReadableStreamDefaultReader, WritableStreamDefaultWriter } from "node:stream/web";
import { ClosedError, type WaitOptions } from "@sockeye/socket-core";
import type { ByteQueue } from "../byte-queue.ts";
import type { ByteSink } from "../byte-sink.ts";
import type { ByteSource } from "../byte-source.ts";
import type { Transport } from "../byte-stream.ts";
import { typeError } from "../check.ts";
import { Waker } from "../waker.ts";
import { translateError } from "./duplex-transport.ts";
import type { WebStreams } from "./web-streams.ts";

/** A web stream keeps what it is given, and the writer's memory is not its to keep: so many bytes are copied at a time. */
const CHUNK_SIZE = 64 * 1024;

const nothing = (): void => {};

export class WebTransport implements Transport, ByteSource, ByteSink {
  readonly source: ByteSource = this;
  readonly sink: ByteSink = this;
  readonly endsAtOnce = false;
  readonly #input: ReadableStreamDefaultReader<Uint8Array>;
  readonly #output: WritableStreamDefaultWriter<Uint8Array>;
  readonly #readers = new Waker("recv");
  readonly #writers = new Waker("send");
  /** What a read has brought that nobody has taken. */
  #chunk: Uint8Array | undefined;
  #isReading = false;
  #ended = false;
  #closed = false;
  #readFailure: { error: unknown } | undefined;
  #writeFailure: { error: unknown } | undefined;

  constructor({ readable, writable }: WebStreams) {
    this.#input = readable.getReader();
    this.#output = writable.getWriter();
    this.#output.closed.catch((error) => this.#failWriting(error));
  }

  get closed(): boolean {
    return this.#closed;
  }

  #failWriting(error: unknown): void {
    this.#writeFailure ??= { error: translateError(error) };
    this.#writers.wake();
  }

  pull(queue: ByteQueue): number | null {
    if (this.#closed) throw new ClosedError("recv");
    const chunk = this.#chunk;
    if (chunk !== undefined) {
      this.#chunk = undefined;
      queue.push(chunk);
      return chunk.length;
    }
    if (this.#readFailure !== undefined) throw this.#readFailure.error;
    return this.#ended ? 0 : null;
  }

  /** A read that was begun goes on when nobody waits for it any more: what it brings is kept. */
  async #read(): Promise<void> {
    this.#isReading = true;
    try {
      // An empty chunk is not the end.
      while (this.#chunk === undefined && !this.#ended) {
        const { done, value } = await this.#input.read();
        if (done) this.#ended = true;
        else if (!(value instanceof Uint8Array)) throw typeError("chunk", "a Uint8Array", value);
        else if (value.length > 0) this.#chunk = value;
      }
    } catch (error) {
      this.#readFailure = { error: translateError(error) };
    }
    this.#isReading = false;
    this.#readers.wake();
  }

  get #hasNews(): boolean {
    return this.#chunk !== undefined || this.#ended || this.#closed || this.#readFailure !== undefined;
  }

  wait(options: WaitOptions | undefined): Promise<void> {
    if (this.#hasNews) return this.#readers.turn();
    const waiting = this.#readers.wait(options);
    if (!this.#isReading) void this.#read();
    return waiting;
  }

  trySend(bytes: Uint8Array): number | null {
    if (this.#closed) throw new ClosedError("send");
    if (this.#writeFailure !== undefined) throw this.#writeFailure.error;
    if ((this.#output.desiredSize ?? 0) <= 0) return null;
    const chunk = Buffer.from(bytes.subarray(0, CHUNK_SIZE));
    this.#output.write(chunk).catch((error) => this.#failWriting(error));
    return chunk.length;
  }

  writable(options: WaitOptions): Promise<void> {
    if (this.#closed || this.#writeFailure !== undefined) return this.#writers.turn();
    const waiting = this.#writers.wait(options);
    this.#output.ready.then(
      () => this.#writers.wake(),
      (error) => this.#failWriting(error),
    );
    return waiting;
  }

  async shutdown(): Promise<void> {
    try {
      await this.#output.close();
    } catch (error) {
      // Closing what has failed only says so; what it failed with says more.
      throw this.#writeFailure?.error ?? translateError(error);
    }
  }

  async finish(timeout: number): Promise<void> {
    const deadline = performance.now() + timeout;
    const left = (): number => deadline - performance.now();
    while (!this.#ended && !this.#closed && this.#readFailure === undefined && left() > 0) {
      this.#chunk = undefined;
      // A deadline that passes is no error: what was ours to send is sent.
      await this.wait({ timeout: Math.max(1, left()) }).catch(nothing);
    }
    this.#close();
    this.#input.cancel().catch(nothing);
  }

  abort(): void {
    if (this.#closed) return;
    this.#close();
    const reason = new ClosedError("abort");
    this.#output.abort(reason).catch(nothing);
    this.#input.cancel(reason).catch(nothing);
  }

  #close(): void {
    this.#closed = true;
    this.#readers.wake();
    this.#writers.wake();
  }
}
