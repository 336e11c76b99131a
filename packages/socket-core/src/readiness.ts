/**
 * "Try, wait, retry", once for every call that may wait: an open descriptor, who waits for it, and the loop that wakes
 * them. Nothing here knows what the calls do.
 */
import { constants } from "node:os";
import type { WaitOptions } from "./check.ts";
import { onError } from "./diagnostics.ts";
import { AbortError, BusyError, ClosedError, systemError, TimeoutError } from "./errors.ts";
import { native, supported } from "./native.ts";

export const READ = 1;
export const WRITE = 2;
export type Direction = typeof READ | typeof WRITE;

/** What libuv says of a refused connect, a reset or an ICMP error; polling has stopped then, and the call tells which. */
const EVENT_ERROR = 64;
/** After so many completions without waiting, a socket that is always ready lets the others have a turn. */
const MAX_SYNCHRONOUS = 64;
const EAGAIN = -constants.errno.EAGAIN;
const EINTR = -constants.errno.EINTR;

/** [0] operations that hold the process, [1] whether the addon holds the loop for them, then pairs of slot and events. */
const HEADER = 2;
const shared = new Int32Array(HEADER + 2 * 1024);
const table: (Descriptor | undefined)[] = [];

function onReady(count: number): void {
  for (let i = HEADER; i < HEADER + count * 2; i += 2) table[shared[i]!]?.wake(shared[i + 1]!);
}

if (supported) native.start(onReady, shared);

function hold(): void {
  if (shared[0]!++ === 0 && shared[1] === 0) native.hold();
}

function letGo(): void {
  // The addon looks at the count at the end of the turn, so a server that is never idle does not toggle.
  shared[0]!--;
}

/** What differs between calls besides the system call itself. */
export interface Particulars {
  /** Named in errors. */
  target?: { address?: string; port?: number; path?: string };
  /** Bytes sent so far, for errors. */
  progress?(): number;
  /** For a failure that passes without the descriptor becoming ready: milliseconds until the next attempt. */
  retryAfter?(errno: number): number | undefined;
  /** More than 1: calls queue, in order, up to so many. */
  queue?: number;
  /** Waits for readiness before the first attempt. */
  waitFirst?: boolean;
}
const nothing: Particulars = {};

function failure(syscall: string, errno: number, particulars: Particulars): Error {
  const error = systemError(syscall, errno, particulars.target, particulars.progress?.());
  if (onError.hasSubscribers) onError.publish({ error });
  return error;
}

class Operation<T> {
  next: Operation<unknown> | null = null;
  held = false;
  deadline = Number.POSITIVE_INFINITY;
  timeout = 0;
  signal: AbortSignal | undefined = undefined;
  onAbort: (() => void) | undefined = undefined;
  resolve!: (value: T) => void;
  reject!: (error: unknown) => void;
  readonly syscall: string;
  readonly attempt: () => number;
  readonly finish: (result: number) => T;
  readonly particulars: Particulars;
  /** Whoever must not be collected while this waits. */
  readonly owner: object;

  constructor(owner: object, syscall: string, attempt: () => number, finish: (result: number) => T, p: Particulars) {
    this.owner = owner;
    this.syscall = syscall;
    this.attempt = attempt;
    this.finish = finish;
    this.particulars = p;
  }

  get details(): { bytesSent?: number } {
    const bytesSent = this.particulars.progress?.();
    return bytesSent === undefined ? {} : { bytesSent };
  }
}
type AnyOperation = Operation<unknown>;

/** Shared by all descriptors until one needs its own. */
const noRetries: Record<Direction, NodeJS.Timeout | undefined> = { [READ]: undefined, [WRITE]: undefined };

export class Descriptor {
  fd: number;
  /** Set by a short read on a stream: the kernel's buffer is empty, so the next read waits without trying first. */
  drained = false;
  #slot = -1;
  #armed = 0;
  #budget = MAX_SYNCHRONOUS;
  #referenced = true;
  #reader: AnyOperation | null = null;
  #writer: AnyOperation | null = null;
  #lastWriter: AnyOperation | null = null;
  #writers = 0;
  #retries: Record<Direction, NodeJS.Timeout | undefined> = noRetries;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Number.POSITIVE_INFINITY;

  constructor(fd: number) {
    this.fd = fd;
  }

  /**
   * Runs a system call now if it can be, else when the descriptor is ready. `timeout` is the default for calls that
   * bring none; 0 means that a call which would wait rejects with EAGAIN.
   */
  run<T>(
    owner: object,
    direction: Direction,
    syscall: string,
    attempt: () => number,
    finish: (result: number) => T,
    timeout: number | null,
    options: WaitOptions | undefined,
    particulars: Particulars = nothing,
  ): Promise<T> {
    if (this.fd < 0) return Promise.reject(new ClosedError(syscall));
    const signal = options?.signal;
    if (signal?.aborted) return Promise.reject(new AbortError(syscall, signal.reason));
    const head = direction === READ ? this.#reader : this.#writer;
    if (head !== null) {
      const queue = particulars.queue ?? 1;
      if (queue === 1) return Promise.reject(new BusyError(syscall, `a ${head.syscall} already waits on this socket`));
      if (this.#writers >= queue) return Promise.reject(new BusyError(syscall, `${queue} sends already wait`));
    }
    const limit = options?.timeout === undefined ? timeout : options.timeout;
    let wait = head !== null || particulars.waitFirst === true;
    // A read that is known to find nothing, and a socket that had its share, go straight to waiting.
    if (limit !== 0 && (this.#budget === 0 || (this.drained && direction === READ))) wait = true;
    if (!wait) {
      let result: number;
      try {
        result = attempt();
        if (result >= 0) {
          this.#budget--;
          return Promise.resolve(finish(result));
        }
      } catch (error) {
        return Promise.reject(error);
      }
      if (result !== EAGAIN && result !== EINTR) {
        const delay = limit === 0 ? undefined : particulars.retryAfter?.(result);
        if (delay === undefined) return Promise.reject(failure(syscall, result, particulars));
        this.#later(direction, delay);
      }
    }
    if (limit === 0) return Promise.reject(failure(syscall, EAGAIN, particulars));
    return this.#wait(direction, new Operation(owner, syscall, attempt, finish, particulars), limit, signal);
  }

  #wait<T>(direction: Direction, operation: Operation<T>, limit: number | null, signal?: AbortSignal): Promise<T> {
    const failed = this.#arm(direction);
    if (failed < 0) return Promise.reject(failure(operation.syscall, failed, operation.particulars));
    if (direction === READ) {
      this.#reader = operation as AnyOperation;
    } else {
      if (this.#lastWriter === null) this.#writer = operation as AnyOperation;
      else this.#lastWriter.next = operation as AnyOperation;
      this.#lastWriter = operation as AnyOperation;
      this.#writers++;
    }
    if (this.#referenced) {
      operation.held = true;
      hold();
    }
    if (signal !== undefined) {
      operation.signal = signal;
      operation.onAbort = () => {
        this.#remove(direction, operation as AnyOperation);
        operation.reject(new AbortError(operation.syscall, signal.reason, operation.details));
      };
      signal.addEventListener("abort", operation.onAbort, { once: true });
    }
    if (limit !== null && limit > 0) {
      operation.timeout = limit;
      operation.deadline = performance.now() + limit;
      this.#schedule(operation.deadline);
    }
    return new Promise<T>((resolve, reject) => {
      operation.resolve = resolve;
      operation.reject = reject;
    });
  }

  #arm(direction: Direction): number {
    if ((this.#armed & direction) !== 0 || this.#retries[direction] !== undefined) return 0;
    if (this.#slot < 0) {
      const slot = native.pollOpen(this.fd);
      if (slot < 0) return slot;
      this.#slot = slot;
      table[slot] = this;
    }
    this.#armed |= direction;
    return native.pollStart(this.#slot, this.#armed);
  }

  #disarm(direction: Direction): void {
    this.#armed &= ~direction;
    native.pollStart(this.#slot, this.#armed);
  }

  /** Called by the loop. Polling is level-triggered: what nobody waits for is disarmed, or it would spin. */
  wake(events: number): void {
    if (this.#slot < 0) return;
    this.#budget = MAX_SYNCHRONOUS;
    const error = (events & EVENT_ERROR) !== 0;
    if (error) this.#armed = 0;
    if (error || (events & ~WRITE) !== 0) {
      this.drained = false;
      if (this.#reader !== null) this.#advance(READ);
      else if (!error && (this.#armed & READ) !== 0) this.#disarm(READ);
    }
    if (error || (events & WRITE) !== 0) {
      if (this.#writer !== null) this.#advance(WRITE);
      else if (!error && (this.#armed & WRITE) !== 0) this.#disarm(WRITE);
    }
    if (error && this.#slot >= 0) {
      if (this.#reader !== null) this.#arm(READ);
      if (this.#writer !== null) this.#arm(WRITE);
    }
  }

  /** Lets those who wait try again, in order, until one has to go on waiting. */
  #advance(direction: Direction): void {
    for (;;) {
      const operation = direction === READ ? this.#reader : this.#writer;
      if (operation === null) return;
      try {
        const result = operation.attempt();
        if (result === EAGAIN || result === EINTR) return;
        const delay = result < 0 ? operation.particulars.retryAfter?.(result) : undefined;
        if (delay !== undefined) {
          this.#disarm(direction);
          this.#later(direction, delay);
          return;
        }
        this.#remove(direction, operation);
        if (result < 0) operation.reject(failure(operation.syscall, result, operation.particulars));
        else operation.resolve(operation.finish(result));
      } catch (error) {
        this.#remove(direction, operation);
        operation.reject(error);
      }
    }
  }

  /** The next attempt comes by the clock, not by readiness. */
  #later(direction: Direction, delay: number): void {
    if (this.#retries === noRetries) this.#retries = { ...noRetries };
    this.#retries[direction] = setTimeout(() => {
      this.#retries[direction] = undefined;
      if (this.fd < 0 || (direction === READ ? this.#reader : this.#writer) === null) return;
      this.#arm(direction);
      this.#advance(direction);
    }, delay).unref();
  }

  #remove(direction: Direction, operation: AnyOperation): void {
    if (direction === READ) {
      if (this.#reader !== operation) return;
      this.#reader = null;
    } else {
      let before: AnyOperation | null = null;
      let at = this.#writer;
      while (at !== null && at !== operation) {
        before = at;
        at = at.next;
      }
      if (at === null) return;
      if (before === null) this.#writer = at.next;
      else before.next = at.next;
      if (this.#lastWriter === at) this.#lastWriter = before;
      this.#writers--;
    }
    if (operation.held) letGo();
    operation.held = false;
    if (operation.onAbort !== undefined) operation.signal?.removeEventListener("abort", operation.onAbort);
  }

  /** One timer serves all deadlines and is not restarted per call: when it fires early it looks for the next one. */
  #schedule(deadline: number): void {
    if (deadline >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = deadline;
    this.#timer = setTimeout(() => this.#expire(), Math.max(1, Math.ceil(deadline - performance.now()))).unref();
  }

  #expire(): void {
    this.#timer = undefined;
    this.#timerAt = Number.POSITIVE_INFINITY;
    const now = performance.now();
    const check = (direction: Direction, first: AnyOperation | null): void => {
      for (let operation = first; operation !== null; ) {
        const next = operation.next;
        if (operation.deadline <= now) {
          this.#remove(direction, operation);
          operation.reject(new TimeoutError(operation.syscall, operation.timeout, operation.details));
        } else {
          this.#schedule(operation.deadline);
        }
        operation = next;
      }
    };
    check(READ, this.#reader);
    check(WRITE, this.#writer);
  }

  /** Whether pending operations keep the process alive. */
  setReferenced(referenced: boolean): void {
    this.#referenced = referenced;
    for (const first of [this.#reader, this.#writer]) {
      for (let operation = first; operation !== null; operation = operation.next) {
        if (operation.held === referenced) continue;
        operation.held = referenced;
        if (referenced) hold();
        else letGo();
      }
    }
  }

  /** Gives the descriptor up without closing it; everyone who waits gets a ClosedError. Returns it, or -1. */
  detach(): number {
    const fd = this.fd;
    if (fd < 0) return -1;
    this.fd = -1;
    // The poll handle goes before the descriptor: libuv aborts the process when one closes behind a live handle.
    if (this.#slot >= 0) {
      native.pollClose(this.#slot);
      table[this.#slot] = undefined;
      this.#slot = -1;
    }
    clearTimeout(this.#timer);
    clearTimeout(this.#retries[READ]);
    clearTimeout(this.#retries[WRITE]);
    this.#armed = 0;
    for (const direction of [READ, WRITE] as const) {
      for (;;) {
        const operation = direction === READ ? this.#reader : this.#writer;
        if (operation === null) break;
        this.#remove(direction, operation);
        operation.reject(new ClosedError(operation.syscall, operation.details));
      }
    }
    return fd;
  }

  close(): void {
    const fd = this.detach();
    if (fd >= 0) native.close(fd);
  }
}
