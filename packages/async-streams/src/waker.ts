/** Waiting for something that is told of, not polled. */
import { type WaitOptions, waitLimit } from "@sockeye/socket-core";

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
  wait(options: WaitOptions = {}): Promise<void> {
    const waiting = this.#waiting;
    const { signal, timeout = null } = options;
    return new Promise((resolve, reject) => {
      if (signal === undefined && timeout === null) {
        waiting.add(resolve);
        return;
      }
      function done(): void {
        release();
        resolve();
      }
      const limit = waitLimit(this.#what, options);
      waiting.add(done);
      const release = limit((error) => {
        waiting.delete(done);
        reject(error);
      });
    });
  }

  /** Where there is nothing to wait for: resolves when others had a turn. */
  turn(): Promise<void> {
    return new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}
