/** How long a send may wait. */
import { AbortError, TimeoutError, type WaitOptions } from "@sockeye/socket-core";
import { checkOptions, rangeError, typeError } from "./check.ts";

/** The longest wait, in milliseconds: what a timer of Node.js can hold. */
const MAX_TIMEOUT = 2 ** 31 - 1;

/** Throws TypeError, RangeError or, when the signal has fired, AbortError. */
export function checkWait(what: string, options: WaitOptions): void {
  checkOptions("options", options);
  const { signal, timeout = null } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw typeError("signal", "an AbortSignal", signal);
  if (timeout !== null) {
    const expected = `milliseconds from 0 to ${MAX_TIMEOUT}`;
    if (typeof timeout !== "number") throw typeError("timeout", expected, timeout);
    if (!(timeout >= 0 && timeout <= MAX_TIMEOUT)) throw rangeError("timeout", expected, timeout);
  }
  if (signal?.aborted) throw new AbortError(what, signal.reason);
}

/** Calls `fail` once with an AbortError or TimeoutError when the options say so; what it returns calls that off. */
export function limitWait(what: string, options: WaitOptions, fail: (error: unknown) => void): () => void {
  const { signal, timeout = null } = options;
  let timer: NodeJS.Timeout | undefined;
  const release = (): void => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  };
  const onAbort = (): void => {
    release();
    fail(new AbortError(what, signal?.reason));
  };
  signal?.addEventListener("abort", onAbort);
  if (timeout !== null) {
    timer = setTimeout(() => {
      release();
      fail(new TimeoutError(what, timeout));
    }, timeout);
  }
  return release;
}
