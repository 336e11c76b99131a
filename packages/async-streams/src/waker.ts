/** Waiting for something that is told of, not polled. */
import { AbortError, TimeoutError, type WaitOptions } from "@sockeye/socket-core";

/** Those who wait for one condition; whoever is woken looks at it again. */
export class Waker {
  readonly #what: string;
  readonly #waiting = new Set<() => void>();

  /** `what` names the operation in errors. */
  constructor(what: string) {
    this.#what = what;
  }

  /** Lets everyone look. */
  wake(): void {
    for (const resume of this.#waiting) resume();
    this.#waiting.clear();
  }

  /** Resolves with the next `wake`. Rejects with TimeoutError or AbortError. */
  wait({ signal, timeout = null }: WaitOptions = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
        resolve();
      };
      const fail = (error: unknown): void => {
        this.#waiting.delete(done);
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
        reject(error);
      };
      const onAbort = (): void => fail(new AbortError(this.#what, signal?.reason));
      if (signal?.aborted) return onAbort();
      this.#waiting.add(done);
      signal?.addEventListener("abort", onAbort);
      if (timeout !== null) timer = setTimeout(() => fail(new TimeoutError(this.#what, timeout)), timeout);
    });
  }

  /** Where there is nothing to wait for: resolves when others had a turn. */
  turn(): Promise<void> {
    return new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}
