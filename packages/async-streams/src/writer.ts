/** The writing half: back-pressure built in, and the small writes of one tick in one system call. */
import type { Socket } from "@sockeye/socket-core";
import { SHUT_WR } from "@sockeye/socket-core";
import { typeError } from "./check.ts";
import { StreamClosedError } from "./errors.ts";

/** A write waits while more than this is buffered, in bytes; asyncio's and Node's high-water mark. */
const HIGH_WATER = 64 * 1024;
/** … until no more than this is. */
const LOW_WATER = 16 * 1024;
/** Bytes shorter than this are copied and leave with their tick; longer ones go to the kernel at once. */
const LARGE = 16 * 1024;
/** The small writes of a tick are put together here, for every writer in turn. */
const scratch = Buffer.allocUnsafeSlow(64 * 1024);
/** One text of UTF-16 units takes at most three bytes each. */
const MAX_BYTES_PER_UNIT = 3;

const done: Promise<void> = Promise.resolve();
const nothing = (): void => {};

/** Writers with something to send when the tick ends. A tick queued from a microtask runs after all microtasks. */
let dirty: Writer[] = [];
function flushDirty(): void {
  const writers = dirty;
  dirty = [];
  for (const writer of writers) flushScheduled(writer);
}
let flushScheduled: (writer: Writer) => void;

/** Dropping the promise never ends the process; the error comes again at the next call. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(nothing);
  return promise;
}

interface Waiter {
  /** Resolves when no more than this is buffered. */
  level: number;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * Writes a byte stream. Awaiting each `write` is all the flow control there is. A promise of it may be dropped: what
 * goes wrong then rejects the next `write`, `flush` or `end`.
 */
export class Writer {
  readonly #socket: Socket;
  /** Text and bytes in order; the first may be partly sent. */
  #pending: (string | Uint8Array)[] = [];
  #buffered = 0;
  #scheduled = false;
  /** The kernel has no room: a flush waits for it. */
  #blocked = false;
  #waiters: Waiter[] = [];
  #ending = false;
  #ended: Promise<void> | undefined;
  #failure: unknown = undefined;

  static {
    flushScheduled = (writer) => {
      writer.#scheduled = false;
      if (!writer.#blocked) writer.#flushNow();
    };
  }

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Bytes that were written and are not yet with the kernel. */
  get buffered(): number {
    return this.#buffered;
  }

  /** Whether `end` was called or the stream broke. */
  get closed(): boolean {
    return this.#ending || this.#failure !== undefined;
  }

  /**
   * Writes text (as UTF-8) or bytes, or a list of them in one piece. Resolves when there is room for more, and then
   * the bytes may be reused. Rejects with SocketError (EPIPE, ECONNRESET …), ClosedError or StreamClosedError.
   */
  write(data: string | Uint8Array | readonly (string | Uint8Array)[]): Promise<void> {
    if (this.#failure !== undefined) return handled(Promise.reject(this.#failure));
    if (this.#ending) return handled(Promise.reject(new StreamClosedError("write")));
    try {
      if (typeof data === "string" || data instanceof Uint8Array) return this.#add(data);
      if (!Array.isArray(data)) throw typeError("data", "text or a Uint8Array, or a list of them", data);
      for (const part of data as unknown[]) {
        if (typeof part !== "string" && !(part instanceof Uint8Array)) {
          throw typeError("data", "text or a Uint8Array, or a list of them", data);
        }
      }
      let last = done;
      for (const part of data) last = this.#add(part);
      return last;
    } catch (error) {
      return handled(Promise.reject(error));
    }
  }

  #add(data: string | Uint8Array): Promise<void> {
    if (typeof data === "string") {
      if (data.length === 0) return done;
      this.#pending.push(data);
      this.#buffered += Buffer.byteLength(data);
    } else if (data.length < LARGE) {
      if (data.length === 0) return done;
      this.#pending.push(Buffer.from(data));
      this.#buffered += data.length;
    } else {
      // Not copied: so it must be all with the kernel before the caller may have it back.
      this.#pending.push(data);
      this.#buffered += data.length;
      if (!this.#blocked) this.#flushNow();
      return this.#until(0);
    }
    if (this.#buffered > HIGH_WATER) {
      if (!this.#blocked) this.#flushNow();
      if (this.#buffered > LOW_WATER) return this.#until(LOW_WATER);
      return this.#failure === undefined ? done : handled(Promise.reject(this.#failure));
    }
    if (!this.#scheduled && !this.#blocked) {
      this.#scheduled = true;
      if (dirty.push(this) === 1) process.nextTick(flushDirty);
    }
    return done;
  }

  #until(level: number): Promise<void> {
    if (this.#failure !== undefined) return handled(Promise.reject(this.#failure));
    if (this.#buffered <= level) return done;
    return handled(
      new Promise<void>((resolve, reject) => {
        this.#waiters.push({ level, resolve, reject });
      }),
    );
  }

  /** Sends until everything is out or the kernel has no room; then waits for room in the background. */
  #flushNow(): void {
    try {
      while (this.#pending.length > 0) {
        if (!this.#sendSome()) {
          this.#waitForRoom();
          break;
        }
      }
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (this.#waiters.length > 0) this.#wakeWaiters();
  }

  #waitForRoom(): void {
    this.#blocked = true;
    this.#socket.writable({ timeout: null }).then(
      () => {
        this.#blocked = false;
        this.#flushNow();
      },
      (error) => {
        this.#blocked = false;
        this.#fail(error);
      },
    );
  }

  /** One system call; false when the kernel took less than it was given. */
  #sendSome(): boolean {
    const pending = this.#pending;
    const first = pending[0]!;
    if (typeof first !== "string" && first.length >= LARGE) {
      const sent = this.#socket.trySend(first) ?? 0;
      this.#buffered -= sent;
      if (sent === first.length) pending.shift();
      else pending[0] = first.subarray(sent);
      return sent === first.length;
    }
    let length = 0;
    let count = 0;
    while (count < pending.length) {
      const part = pending[count]!;
      const room = scratch.length - length;
      if (typeof part === "string") {
        if (part.length * MAX_BYTES_PER_UNIT > room && Buffer.byteLength(part) > room) break;
        length += scratch.write(part, length);
      } else {
        if (part.length > room) break;
        scratch.set(part, length);
        length += part.length;
      }
      count++;
    }
    if (count === 0) {
      // A text longer than the scratch memory becomes bytes and goes the way of large ones.
      pending[0] = Buffer.from(first as string);
      return this.#sendSome();
    }
    const sent = this.#socket.trySend(scratch.subarray(0, length)) ?? 0;
    this.#buffered -= sent;
    const rest = sent === length ? [] : [Buffer.from(scratch.subarray(sent, length))];
    if (count === pending.length) this.#pending = rest;
    else pending.splice(0, count, ...rest);
    return sent === length;
  }

  #wakeWaiters(): void {
    const waiting: Waiter[] = [];
    for (const waiter of this.#waiters) {
      if (this.#buffered <= waiter.level) waiter.resolve();
      else waiting.push(waiter);
    }
    this.#waiters = waiting;
  }

  #fail(error: unknown): void {
    this.#failure = error;
    this.#pending = [];
    this.#buffered = 0;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.reject(error);
  }

  /** Resolves when everything written is with the kernel. Rejects as `write` does. */
  flush(): Promise<void> {
    if (this.#failure === undefined && this.#buffered > 0 && !this.#blocked) this.#flushNow();
    return this.#until(0);
  }

  /**
   * Writes `data`, if any, flushes and tells the peer that nothing follows: it reads its end, and we can still read.
   * Calling it again gives the same promise. Rejects as `write` does.
   */
  end(data?: string | Uint8Array): Promise<void> {
    if (this.#ended === undefined) {
      const written = data === undefined ? done : this.write(data);
      this.#ending = true;
      this.#ended = handled(
        written
          .then(() => this.flush())
          .then(() => {
            if (!this.#socket.closed) this.#socket.shutdown(SHUT_WR);
          }),
      );
    }
    return this.#ended;
  }
}
