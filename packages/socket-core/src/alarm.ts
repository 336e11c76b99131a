/** A timer for the many deadlines of one descriptor. */
import { MAX_TIMEOUT } from "./check.ts";

/** It is not restarted per call: when it rings early, its owner looks for the next deadline. */
export class Alarm {
  readonly #ring: () => void;
  #timer: NodeJS.Timeout | undefined;
  /** When it rings; 0: it is not set. */
  #at = 0;

  constructor(ring: () => void) {
    this.#ring = ring;
  }

  /** Rings at the latest at `deadline`, in milliseconds of `performance.now()`. */
  set(deadline: number): void {
    if (this.#at !== 0 && deadline >= this.#at) return;
    clearTimeout(this.#timer);
    this.#at = deadline;
    const delay = Math.max(1, Math.ceil(deadline - performance.now()));
    // Rounded up, the longest wait is more than a timer can hold.
    this.#timer = setTimeout(() => this.#fire(), Math.min(delay, MAX_TIMEOUT)).unref();
  }

  #fire(): void {
    this.#at = 0;
    this.#ring();
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#at = 0;
  }
}
