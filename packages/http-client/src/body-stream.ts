import type { Dispatcher } from "undici";

const HIGH_WATER = 262_144;

/** The body of one streamed response as it comes off the wire: the parser is paused while nobody reads. */
export class BodyStream implements AsyncIterable<Buffer> {
  readonly #controller: Dispatcher.DispatchController;
  readonly #queue: Buffer[] = [];
  #queued = 0;
  #ended = false;
  #error: Error | null = null;
  #waiting: { resolve: (chunk: Buffer | null) => void; reject: (error: Error) => void } | null = null;

  constructor(controller: Dispatcher.DispatchController) {
    this.#controller = controller;
  }

  /** Takes a chunk from the parser. */
  push(chunk: Buffer): void {
    if (this.#error) return;
    if (this.#waiting) {
      const { resolve } = this.#waiting;
      this.#waiting = null;
      resolve(chunk);
      return;
    }
    this.#queue.push(chunk);
    this.#queued += chunk.length;
    if (this.#queued >= HIGH_WATER) this.#controller.pause();
  }

  /** The body is complete. */
  end(): void {
    this.#ended = true;
    this.#waiting?.resolve(null);
    this.#waiting = null;
  }

  /** The body broke off; what had arrived can still be read before the error. */
  fail(error: Error): void {
    if (this.#ended || this.#error) return;
    this.#error = error;
    this.#waiting?.reject(error);
    this.#waiting = null;
  }

  /** The next chunk; null at the end. */
  read(): Promise<Buffer | null> {
    const chunk = this.#queue.shift();
    if (chunk !== undefined) {
      this.#queued -= chunk.length;
      if (this.#queued < HIGH_WATER / 2 && this.#controller.paused) this.#controller.resume();
      return Promise.resolve(chunk);
    }
    if (this.#error) return Promise.reject(this.#error);
    if (this.#ended) return Promise.resolve(null);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      if (this.#controller.paused) this.#controller.resume();
    });
  }

  /** True when nothing more will come. */
  get isDone(): boolean {
    return this.#ended || this.#error !== null;
  }

  /** Ends the connection under an unread body. */
  destroy(error: Error): void {
    if (this.isDone) return;
    this.fail(error);
    this.#queue.length = 0;
    this.#queued = 0;
    this.#controller.abort(error);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void> {
    for (let chunk = await this.read(); chunk !== null; chunk = await this.read()) yield chunk;
  }
}
