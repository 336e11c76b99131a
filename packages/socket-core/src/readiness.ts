/**
 * "Try, wait, retry", once for every call that may wait: an open descriptor and who waits for it. Nothing here knows
 * what the calls do.
 */
import { constants } from "node:os";
import { Alarm } from "./alarm.ts";
import { type CallOptions, checkWait } from "./check.ts";
import { MSG_DONTWAIT } from "./constants.ts";
import { onError } from "./diagnostics.ts";
import { type QueuedError, takeErrors } from "./error-queue.ts";
import { AbortError, BusyError, ClosedError, systemError, TimeoutError } from "./errors.ts";
import { hold, letGo, setOwner } from "./loop.ts";
import { native } from "./native.ts";
import { type AnyOperation, type Call, type Direction, ERRORS, Operation, READ, WRITE } from "./operation.ts";

/** What libuv says of a refused connect, a reset or an ICMP error; polling has stopped then, and the call tells which. */
const EVENT_ERROR = 64;
/** After so many completions without waiting, a socket that is always ready lets the others have a turn. */
const MAX_SYNCHRONOUS = 64;
/** How long polling pauses after an error that no call took, in milliseconds. */
const ERROR_PAUSE = 10;
const EAGAIN = -constants.errno.EAGAIN;
const EINTR = -constants.errno.EINTR;

function busy(syscall: string, waiting: AnyOperation): BusyError {
  return new BusyError(syscall, `a ${waiting.call.syscall} already waits on this socket`);
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

/** Shared by all descriptors until one needs its own. */
const noRetries: Record<Direction, NodeJS.Timeout | undefined> = {
  [READ]: undefined,
  [WRITE]: undefined,
  [ERRORS]: undefined,
};

/** A datagram socket holds so many sends that wait for room, by default. */
const MAX_QUEUED_SENDS = 1_024;

export class Descriptor {
  fd: number;
  /** Of a stream, which takes one write at a time; on others sends queue. */
  readonly stream: boolean;
  /** Milliseconds for calls that bring no timeout of their own; 0: a call that would wait rejects with EAGAIN. */
  timeout: number | null = null;
  maxQueuedSends: number = MAX_QUEUED_SENDS;
  /** Set by a short read on a stream: the kernel's buffer is empty, so the next read waits without trying first. */
  drained = false;
  /** What is known of a stream: it has a peer (false: perhaps), its end was read, SO_LINGER is on, for so long. */
  connected = false;
  ended = false;
  lingers = false;
  /** What the kernel's error queue held when it had to be emptied; `recvmsg` with MSG_ERRQUEUE takes it from here. */
  errors: QueuedError[] | null = null;
  lingerSeconds = 0;
  #slot = -1;
  #armed = 0;
  #budget = MAX_SYNCHRONOUS;
  #referenced = true;
  #reader: AnyOperation | null = null;
  #writer: AnyOperation | null = null;
  #lastWriter: AnyOperation | null = null;
  #errorReader: AnyOperation | null = null;
  #writers = 0;
  /** Whose arguments the writing side is for while another thread writes, and that call's name. */
  #reserved: object | null = null;
  #reservedFor = "";
  #retries: Record<Direction, NodeJS.Timeout | undefined> = noRetries;
  #alarm: Alarm | undefined;

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
    return direction === WRITE ? this.#writer : this.#errorReader;
  }

  /** Keeps the writing side for calls with these arguments, until `release`. Throws BusyError when it is taken. */
  reserve(syscall: string, args: object): void {
    if (this.#writer !== null) throw busy(syscall, this.#writer);
    if (this.#reserved !== null) throw new BusyError(syscall, `a ${this.#reservedFor} is under way on this socket`);
    this.#reserved = args;
    this.#reservedFor = syscall;
  }

  release(args: object): void {
    if (this.#reserved === args) this.#reserved = null;
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
    if (direction === WRITE && this.#reserved !== null && this.#reserved !== args) {
      return Promise.reject(new BusyError(syscall, `a ${this.#reservedFor} is under way on this socket`));
    }
    const head = this.#first(direction);
    if (head !== null) {
      if (direction !== WRITE || this.stream) return Promise.reject(busy(syscall, head));
      if (this.#writers >= this.maxQueuedSends) {
        return Promise.reject(new BusyError(syscall, `${this.#writers} sends already wait`));
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

  #wait<A, T>(operation: Operation<A, T>, limit: number | null, signal: AbortSignal | undefined): Promise<T> {
    const { direction, syscall } = operation.call;
    const failed = this.#arm(direction);
    if (failed < 0) return Promise.reject(failure(operation.call, failed, operation.args));
    if (direction === READ) {
      this.#reader = operation;
    } else if (direction === ERRORS) {
      this.#errorReader = operation;
    } else {
      if (this.#lastWriter === null) this.#writer = operation;
      else this.#lastWriter.next = operation;
      this.#lastWriter = operation;
      this.#writers++;
    }
    if (this.#referenced) {
      operation.held = true;
      hold();
    }
    if (signal !== undefined) {
      operation.signal = signal;
      operation.onAbort = () => {
        this.#remove(operation);
        operation.reject(new AbortError(syscall, signal.reason, details(operation)));
      };
      signal.addEventListener("abort", operation.onAbort, { once: true });
    }
    if (limit !== null && limit > 0) {
      operation.timeout = limit;
      operation.deadline = Math.ceil(performance.now() + limit);
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
    if (this.#errorReader !== null) this.#advance(ERRORS);
    if (this.#slot < 0) return;
    const before = this.errors?.length ?? 0;
    const waits = this.#reader !== null || this.#writer !== null || this.#errorReader !== null;
    if (waits) this.errors = takeErrors(this.fd, this.errors);
    // Where even that does not help, polling at once would spin.
    const pause = (this.errors?.length ?? 0) === before ? ERROR_PAUSE : 0;
    if (this.#errorReader !== null) {
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
    if (this.#retries === noRetries) this.#retries = { ...noRetries };
    clearTimeout(this.#retries[direction]);
    this.#retries[direction] = setTimeout(() => {
      this.#retries[direction] = undefined;
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
      if (this.#errorReader !== operation) return;
      this.#errorReader = null;
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

  #schedule(deadline: number): void {
    this.#alarm ??= new Alarm(() => this.#expire());
    this.#alarm.set(deadline);
  }

  #expire(): void {
    const now = performance.now();
    for (const direction of [READ, WRITE, ERRORS] as const) {
      let next: AnyOperation | null;
      for (let operation = this.#first(direction); operation !== null; operation = next) {
        next = operation.next;
        const { deadline, timeout } = operation;
        if (deadline > now) this.#schedule(deadline);
        if (deadline === 0 || deadline > now) continue;
        this.#remove(operation);
        operation.reject(new TimeoutError(operation.call.syscall, timeout, details(operation)));
      }
    }
  }

  /** Whether pending operations keep the process alive. */
  setReferenced(referenced: boolean): void {
    this.#referenced = referenced;
    for (const first of [this.#reader, this.#writer, this.#errorReader]) {
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
      setOwner(this.#slot, undefined);
      this.#slot = -1;
    }
    this.#alarm?.clear();
    clearTimeout(this.#retries[READ]);
    clearTimeout(this.#retries[WRITE]);
    clearTimeout(this.#retries[ERRORS]);
    this.#armed = 0;
    for (const direction of [READ, WRITE, ERRORS] as const) {
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
    if (this.lingerSeconds > 0) native.closeLater(fd);
    else native.close(fd);
  }
}
