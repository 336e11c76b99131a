/** WaitOptions for calls that are made of several, in packages on top of this one. */
import { checkWait, type WaitOptions } from "./check.ts";
import { AbortError, TimeoutError } from "./errors.ts";

/** Begins to wait: calls `fail` once when the options say so. What it returns calls that off. */
export type WaitLimit = (fail: (error: AbortError | TimeoutError) => void) => () => void;

/**
 * Checks the options of a call named `what` that may wait, before anything happens, for calls of one's own that take
 * WaitOptions. The wait, if there is one, begins when the result is called; `timeout` counts from then on. Throws
 * TypeError, RangeError or, when the signal has fired, AbortError.
 */
export function waitLimit(what: string, options: WaitOptions): WaitLimit {
  checkWait(options);
  const { signal, timeout = null } = options;
  if (signal?.aborted) throw new AbortError(what, signal.reason);
  return (fail) => {
    let timer: NodeJS.Timeout | undefined;
    const release = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    };
    const stop = (error: AbortError | TimeoutError): void => {
      release();
      fail(error);
    };
    const onAbort = (): void => stop(new AbortError(what, signal?.reason));
    // It may have fired since it was looked at.
    if (signal?.aborted) {
      onAbort();
      return release;
    }
    signal?.addEventListener("abort", onAbort);
    if (timeout !== null) timer = setTimeout(() => stop(new TimeoutError(what, timeout)), timeout);
    return release;
  };
}
