/** The writing half: back-pressure built in, and the small writes of one tick in one system call. */
import { ClosedError, SHUT_WR, SocketError, type WaitLimit, type WaitOptions, waitLimit } from "@sockeye/socket-core";
import type { ByteSink } from "./byte-sink.ts";
import { checkData } from "./check.ts";
import { StreamClosedError } from "./errors.ts";

/** A write waits while more than this is buffered, in bytes; asyncio's and Node's high-water mark. */
const HIGH_WATER = 64 * 1024;
/** … until no more than this is. */
const LOW_WATER = 16 * 1024;
/** Bytes shorter than this are copied and leave with their tick; longer ones go to the kernel at once. */
const LARGE = 16 * 1024;
/** The small writes of a tick are put together here, for every writer in turn. */
const scratch = Buffer.allocUnsafeSlow(64 * 1024);
/** The front of it; a tick often sends as much as the last one did. */
let outgoing: Uint8Array = scratch;
/** After so many system calls that did not wait, the other connections get a turn. */
const MAX_SENDS = 16;
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

/** What can be written: text, bytes, or a list of them. */
type Data = string | Uint8Array | readonly (string | Uint8Array)[];
type Pending = (string | Uint8Array)[];
/** What a writer with nothing to send has: most writers most of the time. */
const nothingPending: Pending = [];
/** Arrays that other writers are done with; unlike new ones they have room for what a tick writes. */
const spares: Pending[] = [];
const MAX_SPARES = 64;

/** Dropping the promise never ends the process; the error comes again at the next call. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(nothing);
  return promise;
}

/** A rejection that may be dropped. */
export function rejected(error: unknown): Promise<never> {
  return handled(Promise.reject(error));
}

interface Waiter {
  /** Resolves when so many bytes in all are with the kernel. */
  position: number;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * Writes a byte stream. Awaiting each `write` is all the flow control there is. A promise of it may be dropped: what
 * goes wrong then rejects the next `write`, `flush` or `end`.
 */
export class Writer {
  #sink: ByteSink;
  /** Text and bytes in order; the first may be partly sent. */
  #pending: Pending = nothingPending;
  /** What is written while the sink changes. */
  #later: Pending | undefined;
  #buffered = 0;
  /** Bytes that the kernel has taken so far. */
  #sent = 0;
  #scheduled = false;
  /** A flush waits: the kernel has no room, or the others their turn. */
  #blocked = false;
  /** System calls since this writer let others have a turn. */
  #sends = 0;
  #waiters: Waiter[] | undefined;
  #ended: Promise<void> | undefined;
  #failure: unknown = undefined;

  static {
    flushScheduled = (writer) => {
      writer.#scheduled = false;
      writer.#sends = 0;
      if (!writer.#blocked) writer.#flushNow();
    };
  }

  /** @internal */
  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  /**
   * Sends what was written so far, as `flush` does, and keeps what is written from now on until `moveTo`.
   * @internal
   */
  hold(): Promise<void> {
    const flushed = this.flush();
    this.#later = [];
    return flushed;
  }

  /**
   * Goes on over another sink with what was held back.
   * @internal
   */
  moveTo(sink: ByteSink): void {
    this.#sink = sink;
    if (this.#later === undefined) return;
    this.#pending = this.#later;
    this.#later = undefined;
    if (this.#pending.length > 0 && !this.#blocked) this.#flushNow();
  }

  /** Bytes that were written and are not yet with the kernel. */
  get buffered(): number {
    return this.#buffered;
  }

  /** Whether nothing can be written any more: `end` was called, the stream broke, or the connection is closed. */
  get closed(): boolean {
    return this.#ended !== undefined || this.#failure !== undefined || this.#sink.closed;
  }

  /**
   * Writes text (as UTF-8) or bytes, or a list of them in one piece. Resolves when there is room for more, and then
   * the bytes may be reused. `signal` and `timeout` end the wait for room, never the data: it is sent all the same, and
   * the bytes may be reused then too. Only a signal that has fired before the call keeps it from being written.
   * Rejects with SocketError (EPIPE, ECONNRESET …), ClosedError, StreamClosedError, TimeoutError or AbortError.
   */
  write(data: string | Uint8Array | readonly (string | Uint8Array)[], options?: WaitOptions): Promise<void> {
    try {
      return this.#write(data, options === undefined ? undefined : waitLimit("write", options));
    } catch (error) {
      return rejected(error);
    }
  }

  #write(data: Data, limit: WaitLimit | undefined): Promise<void> {
    if (this.#ended !== undefined && this.#failure === undefined) throw new StreamClosedError("write");
    if (this.#sink.closed) this.#fail(new ClosedError("write"));
    if (this.#failure !== undefined) throw this.#failure;
    let isLent = false;
    if (typeof data === "string" || data instanceof Uint8Array) {
      isLent = this.#add(data);
    } else {
      checkData("data", data);
      for (const part of data) if (this.#add(part)) isLent = true;
    }
    if (isLent || this.#buffered > HIGH_WATER) {
      // What was lent must be all with the kernel before the caller may have it back.
      const position = this.#sent + this.#buffered - (isLent ? 0 : LOW_WATER);
      if (!this.#blocked) this.#flushNow();
      return this.#until(position, limit, data);
    }
    if (this.#buffered > 0 && !this.#scheduled && !this.#blocked) {
      this.#scheduled = true;
      if (dirty.push(this) === 1) process.nextTick(flushDirty);
    }
    return done;
  }

  /** Puts data behind what is pending: true when it is lent, not copied. */
  #add(data: string | Uint8Array): boolean {
    if (data.length === 0) return false;
    if (this.#pending === nothingPending) this.#pending = spares.pop() ?? [];
    const pending = this.#later ?? this.#pending;
    if (typeof data === "string") {
      pending.push(data);
      this.#buffered += Buffer.byteLength(data);
      return false;
    }
    const isLent = data.length >= LARGE;
    pending.push(isLent ? data : Buffer.from(data));
    this.#buffered += data.length;
    return isLent;
  }

  /** Resolves when so many bytes in all are with the kernel. */
  #until(position: number, limit?: WaitLimit, data: Data = []): Promise<void> {
    if (this.#failure !== undefined) return rejected(this.#failure);
    if (this.#sent >= position) return done;
    return handled(
      new Promise<void>((resolve, reject) => {
        const waiter: Waiter = { position, resolve, reject };
        this.#waiters ??= [];
        this.#waiters.push(waiter);
        if (limit !== undefined) this.#limit(waiter, limit, data);
      }),
    );
  }

  /** Lets a waiter give up. The data stays; what is lent of it is copied, and so the caller's again. */
  #limit(waiter: Waiter, limit: WaitLimit, data: Data): void {
    const { resolve, reject } = waiter;
    // The list is the caller's, and may be another one by then.
    const lent = [data].flat().filter((part) => typeof part !== "string" && part.length >= LARGE) as Uint8Array[];
    const release = limit((error) => {
      this.#waiters = this.#waiters?.filter((each) => each !== waiter);
      for (const part of lent) this.#keep(part);
      reject(error);
    });
    waiter.resolve = () => {
      release();
      resolve();
    };
    waiter.reject = (error) => {
      release();
      reject(error);
    };
  }

  /** Copies what is still to be sent of bytes that were lent. */
  #keep(lent: Uint8Array): void {
    for (const pending of [this.#pending, this.#later ?? []]) {
      // The same bytes may have been written before, and then the first of them may be partly sent.
      const at = Math.max(0, pending.lastIndexOf(lent));
      const part = pending[at];
      if (part !== undefined && typeof part !== "string" && part.buffer === lent.buffer)
        pending[at] = Buffer.from(part);
    }
  }

  /** Sends until everything is out or it is time to wait, which goes on in the background. */
  #flushNow(): void {
    try {
      while (this.#pending.length > 0) {
        // A peer that takes all there is at once must not keep the loop from everyone else.
        if (this.#sends === MAX_SENDS || !this.#sendSome()) {
          this.#waitForRoom();
          break;
        }
        this.#sends++;
      }
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (this.#pending.length === 0 && this.#pending !== nothingPending) {
      if (spares.length < MAX_SPARES) spares.push(this.#pending);
      this.#pending = nothingPending;
    }
    if (this.#waiters !== undefined) this.#wakeWaiters(this.#waiters);
  }

  #waitForRoom(): void {
    this.#blocked = true;
    this.#sink.writable({ timeout: null }).then(
      () => {
        this.#blocked = false;
        this.#sends = 0;
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
      const sent = this.#send(first);
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
    if (outgoing.length !== length) outgoing = scratch.subarray(0, length);
    const sent = this.#send(outgoing);
    if (sent === length && count === pending.length) {
      // What is popped leaves the array its room.
      while (pending.length > 0) pending.pop();
    } else {
      pending.splice(0, count, ...(sent === length ? [] : [Buffer.from(scratch.subarray(sent, length))]));
    }
    return sent === length;
  }

  #send(bytes: Uint8Array): number {
    const count = this.#sink.trySend(bytes) ?? 0;
    this.#buffered -= count;
    this.#sent += count;
    return count;
  }

  #wakeWaiters(waiters: readonly Waiter[]): void {
    const waiting: Waiter[] = [];
    for (const waiter of waiters) {
      if (waiter.position <= this.#sent) waiter.resolve();
      else waiting.push(waiter);
    }
    this.#waiters = waiting.length === 0 ? undefined : waiting;
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#pending = nothingPending;
    this.#later = undefined;
    this.#buffered = 0;
    const waiters = this.#waiters ?? [];
    this.#waiters = undefined;
    for (const waiter of waiters) waiter.reject(this.#failure);
  }

  /**
   * Resolves when everything written so far is with the kernel. `signal` and `timeout` end the wait, never the data.
   * Rejects as `write` does.
   */
  flush(options?: WaitOptions): Promise<void> {
    try {
      const limit = options === undefined ? undefined : waitLimit("flush", options);
      const position = this.#sent + this.#buffered;
      if (this.#failure === undefined && this.#buffered > 0 && !this.#blocked) this.#flushNow();
      return this.#until(position, limit);
    } catch (error) {
      return rejected(error);
    }
  }

  /**
   * Writes `data`, if any, flushes and tells the peer that nothing follows: it reads its end, and we can still read.
   * Calling it again gives the same promise. Rejects as `write` does.
   */
  end(data?: string | Uint8Array | readonly (string | Uint8Array)[]): Promise<void> {
    if (data !== undefined) {
      if (this.#ended !== undefined) return rejected(new StreamClosedError("end"));
      try {
        checkData("data", data);
      } catch (error) {
        return rejected(error);
      }
      // What goes wrong with it rejects the flush too.
      this.write(data);
    }
    this.#ended ??= handled(this.#finish());
    return this.#ended;
  }

  async #finish(): Promise<void> {
    await this.flush();
    if (this.#sink.closed) throw new ClosedError("end");
    try {
      await this.#sink.shutdown(SHUT_WR);
    } catch (error) {
      // The peer is gone already and needs no telling; the reader will hear how.
      if (!(error instanceof SocketError && error.code === "ENOTCONN")) throw error;
    }
  }
}
