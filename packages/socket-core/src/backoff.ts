/** For failures that pass without the descriptor becoming ready. */

/** The longest pause between two attempts, in milliseconds. */
const MAX_BACKOFF = 1_000;

/** Milliseconds until the next attempt: `first`, then twice the last pause, up to 1,000. */
export function nextDelay(last: number, first: number): number {
  return last === 0 ? first : Math.min(last * 2, MAX_BACKOFF);
}
