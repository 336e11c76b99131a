/** What is on its way to NATS: in order, and sent again until it has arrived. Without I/O. */

/** So many are sent before the first is acknowledged. */
const WINDOW = 256;
/** Before what failed is sent again, in milliseconds. */
const RETRY_WAIT = 250;

interface Entry {
  readonly id: string;
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly origin: unknown;
  resolve(sequence: number): void;
  /** The round in which it was sent; 0 when it was not. */
  round: number;
  /** Known when JetStream has it. */
  sequence: number | undefined;
}

/** Sends one message. Resolves with its sequence when it is kept; rejects when that is not known. */
export type Send = (id: string, subject: string, payload: Uint8Array) => Promise<number>;

/**
 * After a failure everything that has not arrived is sent again, from the oldest on. The first one goes alone: if it
 * were refused and the second one taken, their order would be another one.
 */
export class Outgoing {
  readonly #send: Send;
  /** In order, by message id. */
  readonly #entries = new Map<string, Entry>();
  #round = 1;
  #window = 1;
  #inFlight = 0;
  #paused = true;
  #timer: NodeJS.Timeout | undefined;
  /** How far the stream has come. */
  #heard = 0;
  #idle: (() => void)[] = [];

  constructor(send: Send) {
    this.#send = send;
  }

  /** Whether it sends. */
  get isOpen(): boolean {
    return !this.#paused;
  }

  /** How many have not arrived. */
  get size(): number {
    return this.#entries.size;
  }

  /** Resolves with the sequence when the message is kept. The same id again is the same message. */
  add(id: string, subject: string, payload: Uint8Array, origin: unknown): Promise<number> {
    const known = this.#entries.get(id);
    const { promise, resolve } = withResolvers();
    if (known !== undefined) {
      const first = known.resolve;
      known.resolve = (sequence) => {
        first(sequence);
        resolve(sequence);
      };
    } else {
      this.#entries.set(id, { id, subject, payload, origin, resolve, round: 0, sequence: undefined });
      this.#pump();
    }
    return promise;
  }

  /** The stream has brought a message. Returns who said it, if it was said here. */
  arrived(id: string, sequence: number): unknown {
    this.#heard = sequence;
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    this.#remove(entry, sequence);
    return entry.origin;
  }

  /** Nothing is sent until `resume`. */
  pause(): void {
    this.#paused = true;
    clearTimeout(this.#timer);
    this.#begin();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#begin();
    this.#pump();
  }

  /** Resolves when everything has arrived, or after so many milliseconds. */
  async settled(timeout: number): Promise<void> {
    if (this.size === 0) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#idle.push(resolve);
      timer = setTimeout(resolve, timeout);
    });
    clearTimeout(timer);
  }

  /** A new round: what was sent before counts as not sent. */
  #begin(): void {
    this.#round++;
    this.#window = 1;
    this.#inFlight = 0;
  }

  #pump(): void {
    if (this.#paused || this.#inFlight >= this.#window) return;
    for (const entry of this.#entries.values()) {
      if (entry.round === this.#round || entry.sequence !== undefined) continue;
      entry.round = this.#round;
      this.#inFlight++;
      void this.#deliver(entry, this.#round);
      if (this.#inFlight >= this.#window) return;
    }
  }

  async #deliver(entry: Entry, round: number): Promise<void> {
    let failed = false;
    try {
      const sequence = await this.#send(entry.id, entry.subject, entry.payload);
      entry.sequence = sequence;
      // Otherwise it is done when the stream brings it, so that it is heard before it is acknowledged.
      if (sequence <= this.#heard) this.#remove(entry, sequence);
    } catch {
      failed = this.#entries.has(entry.id);
    }
    if (round !== this.#round) return;
    if (failed) {
      this.pause();
      this.#timer = setTimeout(() => this.resume(), RETRY_WAIT);
      return;
    }
    this.#window = WINDOW;
    this.#inFlight--;
    this.#pump();
  }

  #remove(entry: Entry, sequence: number): void {
    if (!this.#entries.delete(entry.id)) return;
    entry.resolve(sequence);
    if (this.#entries.size > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}

function withResolvers(): { promise: Promise<number>; resolve: (sequence: number) => void } {
  let resolve = (_sequence: number): void => {};
  const promise = new Promise<number>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
