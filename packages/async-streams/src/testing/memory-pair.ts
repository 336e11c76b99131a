/** Two streams that are each other's peers, in memory. */
import { ClosedError, SocketError, type WaitOptions } from "@sockeye/socket-core";
import { ByteQueue } from "../byte-queue.ts";
import type { ByteSink } from "../byte-sink.ts";
import type { ByteSource } from "../byte-source.ts";
import {
  type ByteStream,
  checkStreamOptions,
  type StreamOptions,
  type Transport,
  TransportStream,
} from "../byte-stream.ts";
import { checkInteger, checkOptions } from "../check.ts";
import { Waker } from "../waker.ts";

/** What `memoryPair` takes. */
export interface MemoryPairOptions extends StreamOptions {
  /** So many bytes may be under way in each direction; then writes wait. Default 65,536. */
  capacity?: number;
}

const DEFAULT_CAPACITY = 64 * 1024;

/** One direction. */
class Pipe {
  readonly capacity: number;
  readonly bytes = new ByteQueue();
  readonly readers = new Waker("recv");
  readonly writers = new Waker("send");
  /** The writing side said that nothing follows. */
  ended = false;
  /** One side is gone. */
  broken = false;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  wake(): void {
    this.readers.wake();
    this.writers.wake();
  }
}

/** One end: reads from a pipe and writes to the other. */
class MemoryTransport implements Transport, ByteSource, ByteSink {
  readonly source: ByteSource = this;
  readonly sink: ByteSink = this;
  readonly endsAtOnce = true;
  readonly #input: Pipe;
  readonly #output: Pipe;
  #closed = false;

  constructor(input: Pipe, output: Pipe) {
    this.#input = input;
    this.#output = output;
  }

  get closed(): boolean {
    return this.#closed;
  }

  pull(queue: ByteQueue): number | null {
    if (this.#closed) throw new ClosedError("recv");
    const { bytes, ended, broken } = this.#input;
    const { length } = bytes;
    if (length > 0) {
      queue.push(bytes.take());
      this.#input.writers.wake();
      return length;
    }
    if (ended) return 0;
    if (broken) throw new SocketError("recv: the peer has aborted", { code: "ECONNRESET", syscall: "recv" });
    return null;
  }

  wait(options: WaitOptions | undefined): Promise<void> {
    const { bytes, ended, broken, readers } = this.#input;
    return this.#closed || bytes.length > 0 || ended || broken ? readers.turn() : readers.wait(options);
  }

  trySend(data: Uint8Array): number | null {
    if (this.#closed) throw new ClosedError("send");
    const { bytes, capacity, broken, readers } = this.#output;
    if (broken) throw new SocketError("send: the peer is gone", { code: "EPIPE", syscall: "send" });
    const room = capacity - bytes.length;
    if (room <= 0) return null;
    const taken = data.subarray(0, room);
    bytes.push(taken);
    readers.wake();
    return taken.length;
  }

  writable(options: WaitOptions): Promise<void> {
    const { bytes, capacity, broken, writers } = this.#output;
    return this.#closed || broken || bytes.length < capacity ? writers.turn() : writers.wait(options);
  }

  shutdown(): void {
    this.#output.ended = true;
    this.#output.wake();
  }

  async finish(timeout: number): Promise<void> {
    const deadline = performance.now() + timeout;
    const left = (): number => deadline - performance.now();
    const input = this.#input;
    while (!input.ended && !input.broken && !this.#closed && left() > 0) {
      input.bytes.skip(input.bytes.length);
      input.writers.wake();
      // A deadline that passes is no error: what was ours to send is sent.
      await input.readers.wait({ timeout: Math.max(1, left()) }).catch(() => {});
    }
    this.#close();
  }

  abort(): void {
    if (this.#closed) return;
    // As a reset does: what is under way is lost.
    if (!this.#output.ended) this.#output.bytes.skip(this.#output.bytes.length);
    this.#close();
  }

  #close(): void {
    this.#closed = true;
    for (const pipe of [this.#input, this.#output]) {
      pipe.broken = true;
      pipe.wake();
    }
  }
}

/**
 * Two connected streams without a socket, for tests of protocols: with back-pressure, half-close and abort as over a
 * network, and in the same order every time. Throws TypeError and RangeError for bad options.
 */
export function memoryPair(options: MemoryPairOptions = {}): [ByteStream, ByteStream] {
  checkOptions("options", options);
  const capacity = checkInteger("capacity", options.capacity ?? DEFAULT_CAPACITY, 1, 2 ** 31 - 1);
  const streamOptions = checkStreamOptions(options);
  const there = new Pipe(capacity);
  const back = new Pipe(capacity);
  return [
    new TransportStream(new MemoryTransport(back, there), streamOptions),
    new TransportStream(new MemoryTransport(there, back), streamOptions),
  ];
}
