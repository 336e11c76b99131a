/** Whether the other side is still there: after a silence it is asked, and must answer. */

/** Milliseconds without a word from the server after which it is asked for one. */
const ASK_AFTER = 20_000;
/** Milliseconds that it may take to answer; without a word in them the connection counts as dead. */
const ANSWER_WITHIN = 10_000;

/**
 * Silence alone is no sign of death: a machine that slept, or a page in the background whose clock ticks once a minute,
 * has heard nothing because it has not listened.
 */
export class Heartbeat {
  #heard = 0;
  #askedAt: number | undefined;

  /** The other side has just been heard. */
  heard(now: number): void {
    this.#heard = now;
    this.#askedAt = undefined;
  }

  /** What to do now: nothing, ask, or give the connection up. */
  check(now: number): "alive" | "ask" | "dead" {
    if (this.#askedAt !== undefined) return now - this.#askedAt >= ANSWER_WITHIN ? "dead" : "alive";
    return now - this.#heard >= ASK_AFTER ? this.doubt(now) : "alive";
  }

  /** There is a reason to ask now. */
  doubt(now: number): "alive" | "ask" {
    if (this.#askedAt !== undefined) return "alive";
    this.#askedAt = now;
    return "ask";
  }
}
