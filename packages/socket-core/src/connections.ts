/** A listener's connections as an iteration. */
import { ClosedError } from "./errors.ts";
import type { Accepted, Socket } from "./socket.ts";

const end: IteratorResult<Accepted, undefined> = { value: undefined, done: true };

const asResult = (value: Accepted): IteratorResult<Accepted, undefined> => ({ value, done: false });

function endWhenClosed(error: unknown): typeof end {
  if (error instanceof ClosedError) return end;
  throw error;
}

/** Written out and not a generator, which would make two more promises for each connection. */
export class Connections implements AsyncIterableIterator<Accepted, undefined> {
  readonly #listener: Socket;
  #ended = false;

  constructor(listener: Socket) {
    this.#listener = listener;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Accepted, undefined>> {
    return this.#ended ? Promise.resolve(end) : this.#listener.accept().then(asResult, endWhenClosed);
  }

  /** Leaves the socket open. */
  return(): Promise<IteratorResult<Accepted, undefined>> {
    this.#ended = true;
    return Promise.resolve(end);
  }
}
