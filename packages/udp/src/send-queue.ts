/** Sends that wait, one after the other: whoever comes later is sent later. */
import { BusyError } from "@sockeye/socket-core";
import type { Failures, Outcome } from "./failures.ts";

/** A send in steps: each promise that it yields is waited for before it goes on. */
export type Steps<T> = Generator<Promise<unknown>, T, void>;

interface Job<T> extends Outcome<T> {
  readonly steps: Steps<T>;
}

/** Resolves in the next turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

export class SendQueue {
  readonly #failures: Failures;
  readonly #max: number;
  readonly #jobs: Job<unknown>[] = [];
  #idle: (() => void)[] = [];

  /** At most `max` sends wait at a time. */
  constructor(failures: Failures, max: number) {
    this.#failures = failures;
    this.#max = max;
  }

  /** Whether nothing waits. */
  get idle(): boolean {
    return this.#jobs.length === 0;
  }

  /** Runs the steps as far as they go now, and the rest in its turn. */
  add<T>(steps: Steps<T>): Promise<T> {
    if (this.#jobs.length >= this.#max) {
      return this.#failures.rejected(new BusyError("send", `${this.#jobs.length} sends already wait`));
    }
    const job: Job<T> = { ...this.#failures.outcome<T>(), steps };
    this.#jobs.push(job as Job<unknown>);
    if (this.#jobs.length === 1) void this.#run();
    return job.promise;
  }

  /** Resolves when nothing waits any more. */
  drained(): Promise<void> {
    if (this.idle) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle.push(resolve);
    });
  }

  async #run(): Promise<void> {
    for (let job = this.#jobs[0]; job !== undefined; job = this.#jobs[0]) {
      try {
        let step = job.steps.next();
        while (!step.done) {
          try {
            await step.value;
            step = job.steps.next();
          } catch (error) {
            // Closes what the steps iterate over.
            step = job.steps.throw(error);
          }
        }
        job.resolve(step.value);
      } catch (error) {
        job.reject(error);
      }
      this.#jobs.shift();
    }
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }
}
