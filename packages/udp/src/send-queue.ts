/** Sends that wait, one after the other: whoever comes later is sent later. */
import { BusyError, type WaitLimit } from "@sockeye/socket-core";
import type { Failures, Outcome } from "./failures.ts";

/** A send in steps: each promise that it yields is waited for before it goes on. */
export type Steps<T> = Generator<Promise<unknown>, T, void>;

interface Job<T> extends Outcome<T> {
  readonly steps: Steps<T>;
  /** Whether it was resolved or rejected. */
  isOver: boolean;
  /** Whether the caller may give up. */
  readonly isLimited: boolean;
  /** Why the caller gave up. */
  failure?: { error: unknown };
  /** Ends the wait of the steps. */
  interrupt?: (error: unknown) => void;
}

/** Resolves in the next turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function untilInterrupted(job: Job<unknown>, step: Promise<unknown>): Promise<unknown> {
  return new Promise((resolve, reject) => {
    job.interrupt = reject;
    step.then(resolve, reject);
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

  /**
   * Runs the steps as far as they go now, and the rest in its turn. When the caller gives up before it is done, the
   * steps that are left are not run; the promise then rejects.
   */
  add<T>(what: string, steps: Steps<T>, limit?: WaitLimit): Promise<T> {
    if (this.#jobs.length >= this.#max) {
      return this.#failures.rejected(new BusyError("send", `${this.#jobs.length} sends already wait`));
    }
    const job: Job<T> = { ...this.#failures.outcome<T>(), steps, isOver: false, isLimited: limit !== undefined };
    this.#jobs.push(job as Job<unknown>);
    if (this.#jobs.length === 1) void this.#run();
    if (limit !== undefined && !job.isOver) {
      const release = limit((error) => this.#giveUp(what, job as Job<unknown>, error));
      const { resolve, reject } = job;
      job.resolve = (value) => {
        release();
        resolve(value);
      };
      job.reject = (error) => {
        release();
        reject(error);
      };
    }
    return job.promise;
  }

  #giveUp(what: string, job: Job<unknown>, error: unknown): void {
    if (job === this.#jobs[0]) {
      // Its steps hear of it where they wait.
      job.failure = { error };
      job.interrupt?.(error);
      return;
    }
    this.#jobs.splice(this.#jobs.indexOf(job), 1);
    job.steps.return(undefined);
    job.isOver = true;
    // Of several datagrams none was sent.
    job.reject(what === "send" ? error : Object.assign(error as Error, { index: 0 }));
  }

  /** Resolves when nothing waits any more. */
  drained(limit?: WaitLimit): Promise<void> {
    if (this.idle) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const done = (): void => {
        release?.();
        resolve();
      };
      this.#idle.push(done);
      const release = limit?.((error) => {
        this.#idle = this.#idle.filter((each) => each !== done);
        reject(error);
      });
    });
  }

  async #run(): Promise<void> {
    for (let job = this.#jobs[0]; job !== undefined; job = this.#jobs[0]) {
      try {
        let step = job.steps.next();
        while (!step.done) {
          try {
            await (job.isLimited ? untilInterrupted(job, step.value) : step.value);
            if (job.failure !== undefined) throw job.failure.error;
            step = job.steps.next();
          } catch (error) {
            // Closes what the steps iterate over.
            step = job.steps.throw(error);
          }
        }
        job.isOver = true;
        job.resolve(step.value);
      } catch (error) {
        job.isOver = true;
        job.reject(error);
      }
      this.#jobs.shift();
    }
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }
}
