/** A call that waits: what to try again, and how to end it. */

import type { AnyAddress } from "./address.ts";
import type { Descriptor } from "./readiness.ts";

export const READ = 1;
export const WRITE = 2;
/** The error queue, MSG_ERRQUEUE; libuv's UV_PRIORITIZED, with which it reports an error without an end to polling. */
export const ERRORS = 8;
export type Direction = typeof READ | typeof WRITE | typeof ERRORS;

/**
 * A system call that may have to wait, told once for all times it is made: `A` is what one time brings with it. So a
 * call that need not wait makes no closure, and one that waits holds little memory.
 */
export interface Call<A, T> {
  readonly syscall: string;
  readonly direction: Direction;
  /** Looks at the arguments, and at MSG_ flags, before anything happens; what it throws, the call rejects with. */
  readonly check: ((args: A, d: Descriptor, flags: number) => void) | undefined;
  /** Makes the system call: its result, or -errno. */
  readonly attempt: (d: Descriptor, args: A) => number;
  /** What the caller gets of a result. */
  readonly finish: (result: number, args: A) => T;
  /** Waits for readiness before the first attempt. */
  readonly waitFirst: boolean;
  /** Looks at an error of the socket before a read does, because the read would take the error away. */
  readonly first: boolean;
  /** Named in errors. */
  readonly target: ((args: A) => AnyAddress | undefined) | undefined;
  /** Bytes sent so far, for errors. */
  readonly progress: ((args: A) => number) | undefined;
  /** For a failure that passes without the descriptor becoming ready: milliseconds until the next attempt. */
  readonly retryAfter: ((errno: number, args: A) => number | undefined) | undefined;
}

type Optional = "check" | "waitFirst" | "first" | "target" | "progress" | "retryAfter";
type Definition<A, T> = Omit<Call<A, T>, Optional> & Partial<Pick<Call<A, T>, Optional>>;

/** All calls are objects of one shape, whatever they leave out. */
export function defineCall<A, T>(definition: Definition<A, T>): Call<A, T> {
  const { syscall, direction, attempt, finish, waitFirst = false, first = false } = definition;
  const { check, target, progress, retryAfter } = definition;
  return { syscall, direction, check, attempt, finish, waitFirst, first, target, progress, retryAfter };
}

/** What ends a wait before its time. */
export interface Limits {
  readonly timeout: number;
  /** When it ends with a TimeoutError, in milliseconds of `performance.now()`, rounded up; 0: never. */
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
  readonly onAbort: () => void;
  readonly reject: (error: unknown) => void;
}

/** One time that a call has to wait. Most connections wait most of the time, so it is small. */
export class Operation<A, T> {
  next: AnyOperation | null = null;
  limits: Limits | null = null;
  resolve!: (value: T | Promise<T>) => void;
  readonly call: Call<A, T>;
  readonly args: A;
  /** Whoever must not be collected while this waits. */
  readonly owner: object;

  constructor(owner: object, call: Call<A, T>, args: A) {
    this.owner = owner;
    this.call = call;
    this.args = args;
  }

  /**
   * Only a wait that is limited holds the function that a promise comes with: it is told at once. For the others, which
   * seldom fail, it would be memory that every connection holds.
   */
  reject(error: unknown): void {
    if (this.limits === null) this.resolve(Promise.reject(error));
    else this.limits.reject(error);
  }
}

// biome-ignore lint/suspicious/noExplicitAny: a queue holds operations whose arguments only their calls know.
export type AnyOperation = Operation<any, any>;
