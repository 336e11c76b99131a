/**
 * "Try, wait, retry", once for every call that may wait: an open descriptor and who waits for it. Nothing here knows
 * what the calls do.
 */
import { constants } from "node:os";
import { Alarm } from "./alarm.ts";
import { type CallOptions, checkWait } from "./check.ts";
import { MSG_DONTWAIT } from "./constants.ts";
import { onError } from "./diagnostics.ts";
import { takeErrors } from "./error-queue.ts";
import { AbortError, BusyError, ClosedError, systemError, TimeoutError } from "./errors.ts";
import { Extras, type Reservation } from "./extras.ts";
import { hold, letGo, setOwner } from "./loop.ts";
import { native } from "./native.ts";
import { type AnyOperation, type Call, type Direction, ERRORS, Operation, READ, WRITE } from "./operation.ts";

/** What libuv says of a refused connect, a reset or an ICMP error; polling has stopped then, and the call tells which. */
const EVENT_ERROR = 64;
/** After so many completions without waiting, a socket that is always ready lets the others have a turn. */
const MAX_SYNCHRONOUS = 64;
/** How long polling pauses after an error that no call took, in milliseconds. */
const ERROR_PAUSE = 10;
const DIRECTIONS = [READ, WRITE, ERRORS] as const;
const EAGAIN = -constants.errno.EAGAIN;
const EINTR = -constants.errno.EINTR;

function busy(syscall: string, waiting: AnyOperation): BusyError {
  return new BusyError(syscall, `a ${waiting.call.syscall} already waits on this socket`);
}

function underWay({ syscall }: Reservation): string {
  return `a ${syscall} is under way on this socket`;
}

function failure<A, T>(call: Call<A, T>, errno: number, args: A): Error {
  const error = systemError(call.syscall, errno, call.target?.(args), call.progress?.(args));
  if (onError.hasSubscribers) onError.publish({ error });
  return error;
}

/** What an error tells of a call that did not come to its end. */
function details({ call, args }: AnyOperation): { bytesSent?: number } {
  const bytesSent = call.progress?.(args);
  return bytesSent === undefined ? {} : { bytesSent };
}

/** Milliseconds that a call may wait. Every descriptor is non-blocking inside, so MSG_DONTWAIT is ours to keep. */
function limitOf(options: CallOptions, own: number | null): number | null {
  if (MSG_DONTWAIT > 0 && options.flags !== undefined && (options.flags & MSG_DONTWAIT) !== 0) return 0;
  return options.timeout === undefined ? own : options.timeout;
}

export class Descriptor {
  fd: number;
  /** Of a stream, which takes one write at a time; on others sends queue. */
  readonly stream: boolean;
  /** Milliseconds for calls that bring no timeout of their own; 0: a call that would wait rejects with EAGAIN. */
  timeout: number | null = null;
  /** Set where there is nothing more for now, as by a short read on a stream: the next read waits without trying first. */
  drained = false;
  /** What is known of a stream: it has a peer (false: perhaps), its end was read. */
  connected = false;
  ended = false;
  /** What few descriptors need; null: this one does not yet. */
  extras: Extras | null = null;
  #slot = -1;
  #armed = 0;
  #budget = MAX_SYNCHRONOUS;
  #referenced = true;
  #reader: AnyOperation | null = null;
  #writer: AnyOperation | null = null;

  constructor(fd: number, stream: boolean) {
    this.fd = fd;
    this.stream = stream;
  }

  /** Whether a call waits in this direction. */
  isWaiting(direction: Direction): boolean {
    return this.#first(direction) !== null;
  }

  #first(direction: Direction): AnyOperation | null {
    if (direction === READ) return this.#reader;
    return direction === WRITE ? this.#writer : (this.extras?.errorReader ?? null);
  }

  needExtras(): Extras {
    this.extras ??= new Extras();
    return this.extras;
  }

  /** Keeps the writing side for calls with these arguments, until `release`. Throws BusyError when it is taken. */
  reserve(syscall: string, args: object): void {
    if (this.#writer !== null) throw busy(syscall, this.#writer);
    const extras = this.needExtras();
    if (extras.reserved !== null) throw new BusyError(syscall, underWay(extras.reserved));
    extras.reserved = { syscall, args };
  }

  release(args: object): void {
    if (this.extras?.reserved?.args === args) this.extras.reserved = null;
  }

  /**
   * Makes a system call now if it can be, else when the descriptor is ready. `owner` is kept alive meanwhile. Rejects,
   * and never throws; arguments that do not fit reject before anything happened.
   */
  run<A, T>(owner: object, call: Call<A, T>, args: A, options: CallOptions | undefined): Promise<T> {
    const { direction, syscall } = call;
    try {
      const flags = checkWait(options);
      call.check?.(args, this, flags);
    } catch (error) {
      return Promise.reject(error);
    }
    if (this.fd < 0) return Promise.reject(new ClosedError(syscall));
    const signal = options?.signal;
    if (signal?.aborted) return Promise.reject(new AbortError(syscall, signal.reason));
    const { extras } = this;
    if (extras !== null && direction === WRITE && extras.reserved !== null && extras.reserved.args !== args) {
      return Promise.reject(new BusyError(syscall, underWay(extras.reserved)));
    }
    const head = this.#first(direction);
    if (head !== null) {
      if (direction !== WRITE || this.stream) return Promise.reject(busy(syscall, head));
      const { queued, maxQueuedSends } = this.needExtras();
      if (queued + 1 >= maxQueuedSends) {
        return Promise.reject(new BusyError(syscall, `${queued + 1} sends already wait`));
      }
    }
    const limit = options === undefined ? this.timeout : limitOf(options, this.timeout);
    let wait = head !== null || call.waitFirst;
    // A read that is known to find nothing, and a socket that had its share, go straight to waiting.
    if (limit !== 0 && (this.#budget <= 0 || (this.drained && direction === READ))) wait = true;
    if (!wait) {
      let result: number;
      try {
        result = call.attempt(this, args);
        if (result >= 0) {
          this.#budget--;
          return Promise.resolve(call.finish(result, args));
        }
      } catch (error) {
        return Promise.reject(error);
      }
      if (result !== EAGAIN && result !== EINTR) {
        const delay = limit === 0 ? undefined : call.retryAfter?.(result, args);
        if (delay === undefined) return Promise.reject(failure(call, result, args));
        this.#later(direction, delay);
      }
    }
    if (limit === 0) return Promise.reject(failure(call, EAGAIN, args));
    return this.#wait(new Operation(owner, call, args), limit, signal);
  }

  /**
   * `run` without a promise, where the call need not wait and the socket has some of its share left. `null`: `run` it,
   * which waits or rejects.
   */
  runNow<A, T>(call: Call<A, T>, args: A): T | null {
    if (this.fd < 0 || this.#budget <= 0 || this.drained || this.isWaiting(call.direction)) return null;
    const result = call.attempt(this, args);
    if (result < 0) {
      this.drained = result === EAGAIN && call.direction === READ;
      return null;
    }
    this.#budget--;
    return call.finish(result, args);
  }

  #wait<A, T>(operation: Operation<A, T>, limit: number | null, signal: AbortSignal | undefined): Promise<T> {
    const { direction } = operation.call;
    const failed = this.#arm(direction);
    if (failed < 0) return Promise.reject(failure(operation.call, failed, operation.args));
    if (direction === READ) {
      this.#reader = operation;
    } else if (direction === ERRORS) {
      this.needExtras().errorReader = operation;
    } else if (this.#writer === null) {
      this.#writer = operation;
    } else {
      const extras = this.needExtras();
      (extras.lastWriter ?? this.#writer).next = operation;
      extras.lastWriter = operation;
      extras.queued++;
    }
    if (this.#referenced) hold();
    return new Promise<T>((resolve, reject) => {
      operation.resolve = resolve;
      const timeout = limit ?? 0;
      if (signal !== undefined || timeout > 0) this.#limit(operation, timeout, signal, reject);
    });
  }

  /** Ends the wait with the signal or after `timeout` milliseconds; 0: never. */
  #limit(
    operation: AnyOperation,
    timeout: number,
    signal: AbortSignal | undefined,
    reject: (error: unknown) => void,
  ): void {
    const onAbort = (): void => {
      this.#remove(operation);
      reject(new AbortError(operation.call.syscall, signal?.reason, details(operation)));
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    const deadline = timeout === 0 ? 0 : Math.ceil(performance.now() + timeout);
    operation.limits = { timeout, deadline, signal, onAbort, reject };
    if (deadline !== 0) this.#schedule(deadline);
  }

  #arm(direction: Direction): number {
    if ((this.#armed & direction) !== 0 || this.extras?.retries[direction] !== undefined) return 0;
    if (this.#slot < 0) {
      const slot = native.pollOpen(this.fd);
      if (slot < 0) return slot;
      this.#slot = slot;
      setOwner(slot, this);
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
    if (error) {
      // libuv has stopped polling; the wake-up may also be of the slot's former owner, so make sure of it.
      this.#armed = 0;
      native.pollStart(this.#slot, 0);
      if (this.#writer?.call.first) this.#advance(WRITE);
      if (this.#slot < 0) return;
    }
    if (error || (events & ~(WRITE | ERRORS)) !== 0) {
      this.drained = false;
      if (this.#reader !== null) this.#advance(READ);
      else if (!error && (this.#armed & READ) !== 0) this.#disarm(READ);
    }
    if (error || (events & WRITE) !== 0) {
      if (this.#writer !== null) this.#advance(WRITE);
      else if (!error && (this.#armed & WRITE) !== 0) this.#disarm(WRITE);
    }
    if ((error || (events & ERRORS) !== 0) && this.#slot >= 0) this.#emptyErrors(error);
  }

  /**
   * An error that no read or write took away is in the error queue, and polling would report it for ever. They come
   * first: whoever empties the queue takes the error from them.
   */
  #emptyErrors(stopped: boolean): void {
    if (this.isWaiting(ERRORS)) this.#advance(ERRORS);
    if (this.#slot < 0) return;
    const extras = this.needExtras();
    const before = extras.errors?.length ?? 0;
    const waits = this.#reader !== null || this.#writer !== null || extras.errorReader !== null;
    if (waits) extras.errors = takeErrors(this.fd, extras.errors);
    // Where even that does not help, polling at once would spin.
    const pause = (extras.errors?.length ?? 0) === before ? ERROR_PAUSE : 0;
    if (extras.errorReader !== null) {
      // Nothing for it: the error is that of the next read or write.
      this.#disarm(ERRORS);
      this.#later(ERRORS, ERROR_PAUSE);
    } else if (!stopped && (this.#armed & ERRORS) !== 0) {
      this.#disarm(ERRORS);
    }
    if (!stopped) return;
    for (const direction of [READ, WRITE] as const) {
      if (!this.isWaiting(direction)) continue;
      if (pause > 0) this.#later(direction, pause);
      else this.#arm(direction);
    }
  }

  /** Whoever waits tries now: something was done here that the kernel does not report as readiness. */
  retry(direction: Direction): void {
    if (this.isWaiting(direction)) this.#advance(direction);
  }

  /** Lets those who wait try again, in order, until one has to go on waiting. */
  #advance(direction: Direction): void {
    for (;;) {
      const operation = this.#first(direction);
      if (operation === null) return;
      const { call, args } = operation;
      try {
        const result = call.attempt(this, args);
        if (result === EAGAIN || result === EINTR) return;
        const delay = result < 0 ? call.retryAfter?.(result, args) : undefined;
        if (delay !== undefined) {
          this.#disarm(direction);
          this.#later(direction, delay);
          return;
        }
        this.#remove(operation);
        if (result < 0) operation.reject(failure(call, result, args));
        else operation.resolve(call.finish(result, args));
      } catch (error) {
        this.#remove(operation);
        operation.reject(error);
      }
    }
  }

  /** The next attempt comes by the clock, not by readiness. */
  #later(direction: Direction, delay: number): void {
    const { retries } = this.needExtras();
    clearTimeout(retries[direction]);
    retries[direction] = setTimeout(() => {
      retries[direction] = undefined;
      if (this.fd < 0 || this.#first(direction) === null) return;
      this.#arm(direction);
      this.#advance(direction);
    }, delay).unref();
  }

  #remove(operation: AnyOperation): void {
    const { direction } = operation.call;
    if (direction === READ) {
      if (this.#reader !== operation) return;
      this.#reader = null;
    } else if (direction === ERRORS) {
      if (this.extras?.errorReader !== operation) return;
      this.extras.errorReader = null;
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
      const { extras } = this;
      if (extras !== null) {
        if (before !== null || at.next !== null) extras.queued--;
        if (extras.lastWriter === at) extras.lastWriter = before;
      }
    }
    if (this.#referenced) letGo();
    if (operation.limits !== null) operation.limits.signal?.removeEventListener("abort", operation.limits.onAbort);
  }

  #schedule(deadline: number): void {
    const extras = this.needExtras();
    extras.alarm ??= new Alarm(() => this.#expire());
    extras.alarm.set(deadline);
  }

  #expire(): void {
    const now = performance.now();
    for (const direction of DIRECTIONS) {
      let next: AnyOperation | null;
      for (let operation = this.#first(direction); operation !== null; operation = next) {
        next = operation.next;
        if (operation.limits === null || operation.limits.deadline === 0) continue;
        const { deadline, timeout } = operation.limits;
        if (deadline > now) {
          this.#schedule(deadline);
          continue;
        }
        this.#remove(operation);
        operation.reject(new TimeoutError(operation.call.syscall, timeout, details(operation)));
      }
    }
  }

  /** Whether pending operations keep the process alive. */
  setReferenced(referenced: boolean): void {
    if (this.#referenced === referenced) return;
    this.#referenced = referenced;
    for (const direction of DIRECTIONS) {
      for (let operation = this.#first(direction); operation !== null; operation = operation.next) {
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
      setOwner(this.#slot, undefined);
      this.#slot = -1;
    }
    this.extras?.alarm?.clear();
    this.#armed = 0;
    for (const direction of DIRECTIONS) {
      clearTimeout(this.extras?.retries[direction]);
      for (;;) {
        const operation = this.#first(direction);
        if (operation === null) break;
        this.#remove(operation);
        operation.reject(new ClosedError(operation.call.syscall, details(operation)));
      }
    }
    return fd;
  }

  close(): void {
    const fd = this.detach();
    if (fd < 0) return;
    if ((this.extras?.linger ?? 0) > 0) native.closeLater(fd);
    else native.close(fd);
  }
}
