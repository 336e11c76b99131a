/** For failures that pass without the descriptor becoming ready. */

/** The longest pause between two attempts, in milliseconds. */
const MAX_BACKOFF = 1_000;

/** Milliseconds until the next attempt, doubling from `first` to 1,000, for an errno that `applies`; else undefined. */
export function backoff(first: number, applies: (errno: number) => boolean): (errno: number) => number | undefined {
  let delay = first / 2;
  return (errno) => {
    if (!applies(errno)) return undefined;
    delay = Math.min(delay * 2, MAX_BACKOFF);
    return delay;
  };
}
