/** A socket of `node:net` as something that a queue feeds. */
import type { Duplex } from "node:stream";

export class SocketWriter {
  readonly #socket: Duplex;
  readonly #end: () => void;
  /** Writes that are not done. */
  #pending = 0;
  #waiting: (() => void)[] = [];
  /** One for all writes. */
  readonly #onWritten = (): void => {
    if (--this.#pending > 0 || this.#waiting.length === 0) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  };

  /** `end` ends the stream, behind what was written. */
  constructor(socket: Duplex, end: () => void) {
    this.#socket = socket;
    this.#end = end;
  }

  get buffered(): number {
    return this.#socket.writableLength;
  }

  write(bytes: Uint8Array): Promise<void> {
    this.#pending++;
    // It is called also for what is never sent because the socket broke.
    this.#socket.write(bytes, this.#onWritten);
    return done;
  }

  /** Resolves when nothing waits. */
  flush(): Promise<void> {
    if (this.#pending === 0) return done;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async end(): Promise<void> {
    await this.flush();
    this.#end();
  }
}

const done: Promise<void> = Promise.resolve();
