/** When to try to connect again. */
import { backoff } from "./backoff.ts";

/** Milliseconds that a server may take to answer the hello. */
const WELCOME_WITHIN = 15_000;
/** A connection that held so many milliseconds was a good one: waiting starts from the shortest again. */
const GOOD_AFTER = 10_000;

export class Attempts {
  /** In a row, without a good connection. */
  #failures = 0;
  #openedAt: number | undefined;

  /** Somebody tries to connect now. */
  connecting(): void {
    this.#openedAt = undefined;
  }

  /** There is a connection. */
  opened(now: number): void {
    this.#openedAt = now;
  }

  /** Whether a connection is open for so long that a welcome is overdue. */
  isOverdue(now: number): boolean {
    return this.#openedAt !== undefined && now - this.#openedAt >= WELCOME_WITHIN;
  }

  /** The connection broke, welcomed or not, or there was none. Returns when to try again. */
  failed(now: number, random: number, { welcomed }: { welcomed: boolean }): number {
    if (welcomed && this.#openedAt !== undefined && now - this.#openedAt >= GOOD_AFTER) this.#failures = 0;
    return now + backoff(this.#failures++, random);
  }
}
