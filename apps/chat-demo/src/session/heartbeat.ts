/** Whether the other side is still there: after a silence it is asked. */

/** Milliseconds without a word from the server after which it is asked for one. */
const PING_AFTER = 20_000;
/** Milliseconds without a word after which the connection counts as dead. */
const DEAD_AFTER = 45_000;

export class Heartbeat {
  #heard = 0;
  #asked = false;

  /** The other side has just been heard. */
  heard(now: number): void {
    this.#heard = now;
    this.#asked = false;
  }

  /** What to do now: nothing, ask, or give the connection up. */
  check(now: number): "alive" | "ask" | "dead" {
    const silence = now - this.#heard;
    if (silence >= DEAD_AFTER) return "dead";
    if (silence < PING_AFTER || this.#asked) return "alive";
    this.#asked = true;
    return "ask";
  }
}
