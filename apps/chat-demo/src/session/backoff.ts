/** How long to wait before trying again: twice as long each time, and never all clients at the same moment. */

/** The first wait, in milliseconds. */
const FIRST = 500;
/** The longest, in milliseconds. */
const LONGEST = 15_000;

/**
 * Milliseconds before the attempt that follows `failures` failed ones; `random` is from 0 up to 1. A server that comes
 * back is not run over by everybody at once: the wait is anywhere in the upper half of its length.
 */
export function backoff(failures: number, random: number): number {
  const length = Math.min(LONGEST, FIRST * 2 ** Math.min(failures, 30));
  return Math.round(length * (0.5 + random / 2));
}
