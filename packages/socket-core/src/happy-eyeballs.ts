/** Happy Eyeballs version 2, RFC 8305: which address to try when, without doing it. */

/** RFC 8305 section 5, Connection Attempt Delay: recommended value, in milliseconds. */
export const ATTEMPT_DELAY = 250;

/** An address that was tried, and why it failed. */
export interface FailedAttempt<T> {
  candidate: T;
  error: unknown;
}

/**
 * Interleaves the families, starting with that of the first address, RFC 8305 section 4: the resolver's order holds
 * within each family, and the second family gets its chance at the second attempt.
 */
export function interleave<T>(candidates: readonly T[], isFirstFamily: (candidate: T) => boolean): T[] {
  const first = candidates.filter(isFirstFamily);
  const second = candidates.filter((candidate) => !isFirstFamily(candidate));
  const order: T[] = [];
  for (let i = 0; i < Math.max(first.length, second.length); i++) {
    if (i < first.length) order.push(first[i]!);
    if (i < second.length) order.push(second[i]!);
  }
  return order;
}

/**
 * Starts attempts in order, the next one `delay` milliseconds after the last or as soon as one fails, and gives the
 * first that succeeds; the others are aborted, and one that succeeds all the same is given to `discard`.
 * When all fail, rejects with what `combine` makes of the failures. `signal` aborts everything.
 */
export function race<T, R>(
  candidates: readonly T[],
  attempt: (candidate: T, signal: AbortSignal) => Promise<R>,
  discard: (loser: R) => void,
  combine: (failures: FailedAttempt<T>[]) => unknown,
  { delay = ATTEMPT_DELAY, signal }: { delay?: number; signal?: AbortSignal | undefined } = {},
): Promise<R> {
  return new Promise<R>((resolve, reject) => {
    const failures: FailedAttempt<T>[] = [];
    const running = new Set<AbortController>();
    let next = 0;
    let settled = false;
    let timer: NodeJS.Timeout | undefined;

    function settle(finish: () => void): void {
      settled = true;
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      finish();
      for (const controller of running) controller.abort();
    }

    function onAbort(): void {
      settle(() => reject(signal?.reason));
    }

    function start(): void {
      clearTimeout(timer);
      if (next === candidates.length) return;
      const candidate = candidates[next++]!;
      const controller = new AbortController();
      running.add(controller);
      if (next < candidates.length) timer = setTimeout(start, delay);
      attempt(candidate, controller.signal).then(
        (winner) => {
          running.delete(controller);
          if (settled) discard(winner);
          else settle(() => resolve(winner));
        },
        (error) => {
          running.delete(controller);
          failures.push({ candidate, error });
          if (settled) return;
          if (failures.length === candidates.length) settle(() => reject(combine(failures)));
          else start();
        },
      );
    }

    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    signal?.addEventListener("abort", onAbort, { once: true });
    start();
  });
}
