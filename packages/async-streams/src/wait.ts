/** Calls that may wait several times, with one timeout for all of it. */
import { AbortError, TimeoutError, type WaitOptions } from "@sockeye/socket-core";
import type { ByteSource } from "./byte-source.ts";
import { checkOptions, rangeError, typeError } from "./check.ts";

/** The longest wait, in milliseconds: what a timer of Node.js can hold. */
export const MAX_TIMEOUT = 2 ** 31 - 1;

/** What a call made of its WaitOptions. */
export interface Wait {
  /** The name of the call, for errors. */
  readonly what: string;
  readonly signal: AbortSignal | undefined;
  readonly timeout: number | null;
  readonly deadline: number;
  waited: boolean;
}

/** Throws TypeError, RangeError or, when the signal has fired, AbortError. */
export function checkWait(what: string, options: WaitOptions): void {
  checkOptions("options", options);
  const { signal, timeout = null } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw typeError("signal", "an AbortSignal", signal);
  if (timeout !== null) {
    if (typeof timeout !== "number") throw typeError("timeout", "milliseconds or null", timeout);
    if (!(timeout >= 0 && timeout <= MAX_TIMEOUT)) {
      throw rangeError("timeout", `milliseconds from 0 to ${MAX_TIMEOUT}`, timeout);
    }
  }
  if (signal?.aborted) throw new AbortError(what, signal.reason);
}

/** Checks the options as `checkWait` does and starts the clock. */
export function startWait(what: string, options: WaitOptions): Wait {
  checkWait(what, options);
  const { signal, timeout = null } = options;
  const deadline = timeout === null ? Number.POSITIVE_INFINITY : performance.now() + timeout;
  return { what, signal, timeout, deadline, waited: false };
}

/** Calls `fail` with an AbortError or TimeoutError when the options say so; what it returns calls that off. */
export function limitWait(what: string, options: WaitOptions, fail: (error: unknown) => void): () => void {
  const { signal, timeout = null } = options;
  let timer: NodeJS.Timeout | undefined;
  const release = (): void => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  };
  const stop = (error: unknown): void => {
    release();
    fail(error);
  };
  const onAbort = (): void => stop(new AbortError(what, signal?.reason));
  if (signal?.aborted) {
    onAbort();
    return release;
  }
  signal?.addEventListener("abort", onAbort);
  if (timeout !== null) timer = setTimeout(() => stop(new TimeoutError(what, timeout)), timeout);
  return release;
}

/** Waits for the source. When the time is over it resolves once more, for a last look, and then is a TimeoutError. */
export function waitFor(source: ByteSource, wait: Wait | undefined): Promise<void> {
  return wait === undefined ? source.wait(undefined) : waitWithin(source, wait);
}

async function waitWithin(source: ByteSource, wait: Wait): Promise<void> {
  const { what, signal, timeout } = wait;
  const left = wait.deadline - performance.now();
  // A peer that sends a byte now and then must not put the deadline off.
  if (timeout !== null && left <= 0 && wait.waited) throw new TimeoutError(what, timeout);
  wait.waited = true;
  try {
    // Even with a timeout of 0 the loop looks once whether something has arrived.
    await source.wait({ signal, timeout: timeout === null ? null : Math.max(1, left) });
  } catch (error) {
    // Where the loop was busy, the bytes may be there by now: the caller looks once more before it comes back here.
    if (error instanceof TimeoutError) return;
    if (error instanceof AbortError) throw new AbortError(what, signal?.reason);
    throw error;
  }
}
