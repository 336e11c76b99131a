/** Ctrl-C and its like. */

/**
 * A terminal sends Ctrl-C to npm and to us, and npm passes it on to us once more: what comes within so many
 * milliseconds is the same key.
 */
const SAME_KEY = 250;

/**
 * Calls `first` when the process is asked to stop (SIGINT, SIGTERM or SIGHUP), and `again` when it is asked once more.
 * Returns a function that stops listening.
 */
export function onInterrupt(first: (signal: NodeJS.Signals) => void, again: () => void): () => void {
  let since: number | undefined;
  const listener = (signal: NodeJS.Signals): void => {
    const now = performance.now();
    if (since === undefined) {
      since = now;
      first(signal);
    } else if (now - since > SAME_KEY) {
      again();
    }
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}
