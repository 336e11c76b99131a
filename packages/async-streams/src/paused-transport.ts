/** What a stream has while its transport changes: everything waits. */
import { ClosedError, type WaitOptions } from "@sockeye/socket-core";
import type { ByteSink } from "./byte-sink.ts";
import type { ByteSource } from "./byte-source.ts";
import type { Transport } from "./byte-stream.ts";
import { Waker } from "./waker.ts";

export class PausedTransport implements Transport, ByteSource, ByteSink {
  readonly source: ByteSource = this;
  readonly sink: ByteSink = this;
  readonly endsAtOnce = false;
  readonly #waiting = new Waker("startTls");
  readonly #onAbort: () => void;
  #next: Transport | undefined;
  #failure: { error: unknown } | undefined;
  #closed = false;

  /** `onAbort` ends the change. */
  constructor(onAbort: () => void) {
    this.#onAbort = onAbort;
  }

  /** The stream has another transport now: those who wait go on there. */
  resume(next: Transport): void {
    this.#next = next;
    this.#waiting.wake();
  }

  /** There will be no other. */
  fail(error: unknown): void {
    this.#failure = { error };
    this.#waiting.wake();
  }

  get closed(): boolean {
    return this.#closed;
  }

  #check(what: string): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#closed) throw new ClosedError(what);
  }

  get #isOver(): boolean {
    return this.#closed || this.#failure !== undefined || this.#next !== undefined;
  }

  pull(): number | null {
    this.#check("recv");
    return null;
  }

  trySend(): number | null {
    this.#check("send");
    return null;
  }

  wait(options: WaitOptions | undefined): Promise<void> {
    return this.#isOver ? this.#waiting.turn() : this.#waiting.wait(options);
  }

  writable(options: WaitOptions): Promise<void> {
    return this.wait(options);
  }

  async shutdown(how: number): Promise<void> {
    while (this.#next === undefined) {
      this.#check("shutdown");
      await this.#waiting.wait();
    }
    await this.#next.sink.shutdown(how);
  }

  async finish(): Promise<void> {
    this.abort();
  }

  abort(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#onAbort();
    this.#waiting.wake();
  }
}
