/** Calls that may wait several times, with one timeout for all of it. */
import { AbortError, TimeoutError, type WaitOptions, waitLimit } from "@sockeye/socket-core";
import type { ByteSource } from "./byte-source.ts";

/** What a call made of its WaitOptions. */
export interface Wait {
  /** The name of the call, for errors. */
  readonly what: string;
  readonly signal: AbortSignal | undefined;
  readonly timeout: number | null;
  readonly deadline: number;
  waited: boolean;
}

/** Checks the options and starts the clock. Throws TypeError, RangeError or, when the signal has fired, AbortError. */
export function startWait(what: string, options: WaitOptions): Wait {
  waitLimit(what, options);
  const { signal, timeout = null } = options;
  const deadline = timeout === null ? Number.POSITIVE_INFINITY : performance.now() + timeout;
  return { what, signal, timeout, deadline, waited: false };
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
