/** A stream's data as an iteration. */
import type { Descriptor } from "./readiness.ts";
import { type ReceiveOptions, receiveChunk } from "./receive.ts";

/** Written out and not a generator, which would cost each piece two more promises and each socket that waits 600 bytes. */
export class Chunks implements AsyncIterableIterator<Buffer, undefined> {
  readonly #owner: object;
  readonly #descriptor: Descriptor;
  readonly #options: ReceiveOptions | undefined;
  #ended = false;

  constructor(owner: object, descriptor: Descriptor, options: ReceiveOptions | undefined) {
    this.#owner = owner;
    this.#descriptor = descriptor;
    this.#options = options;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Buffer, undefined>> {
    if (this.#ended) return Promise.resolve({ value: undefined, done: true });
    return receiveChunk(this.#owner, this.#descriptor, this.#options);
  }

  /** Leaves the socket open. */
  return(): Promise<IteratorResult<Buffer, undefined>> {
    this.#ended = true;
    return Promise.resolve({ value: undefined, done: true });
  }
}
