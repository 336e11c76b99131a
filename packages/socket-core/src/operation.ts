/** A call that waits: what to try again, and how to end it. */

import type { AnyAddress } from "./address.ts";

/** What differs between calls besides the system call itself. */
export interface Particulars {
  /** Named in errors. */
  target?: AnyAddress;
  /** Bytes sent so far, for errors. */
  progress?(): number;
  /** For a failure that passes without the descriptor becoming ready: milliseconds until the next attempt. */
  retryAfter?(errno: number): number | undefined;
  /** Waits for readiness before the first attempt. */
  waitFirst?: boolean;
  /** Looks at an error of the socket before a read does, because the read would take the error away. */
  first?: boolean;
}

export const nothing: Particulars = {};

export class Operation<T> {
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

export type AnyOperation = Operation<unknown>;
