/** How fast one client may send: a token bucket without a timer, on a clock of the caller's. */

/** A line costs one token for each started piece of so many bytes. */
const BYTES_PER_TOKEN = 128;

/** Who is held up is held up this long at least, in milliseconds: one timer then stands for many lines. */
export const MIN_PAUSE = 20;

export class Pace {
  readonly #interval: number;
  readonly #burst: number;
  /** When all that was taken is paid for, in milliseconds. */
  #paidAt = 0;

  /** `rate` tokens a second; `burst` of them may be taken ahead. */
  constructor(rate: number, burst: number) {
    this.#interval = 1_000 / rate;
    this.#burst = burst * this.#interval;
  }

  /** How many milliseconds to wait before the next one may be taken. */
  peek(now: number): number {
    return Math.max(0, this.#paidAt - now - this.#burst);
  }

  /** Takes what a line costs, and tells how many milliseconds to wait before the next one. */
  take(length: number, now: number): number {
    const tokens = Math.max(1, Math.ceil(length / BYTES_PER_TOKEN));
    this.#paidAt = Math.max(this.#paidAt, now) + tokens * this.#interval;
    return this.peek(now);
  }
}
