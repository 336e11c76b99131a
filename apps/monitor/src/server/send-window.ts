/** How much may be on its way to a page that has not said that it arrived. */

/** Bytes on the way to one page; what does not fit is dropped, and counted. */
const MAX_WAITING = 16 * 1024 * 1024;

export class SendWindow {
  readonly #limit: number;
  #waiting = 0;
  /** Packets that found no room. */
  dropped = 0;

  constructor(limit = MAX_WAITING) {
    this.#limit = limit;
  }

  /** Bytes that wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Takes room for a message of `packets`; false when there is none, and they are dropped. */
  take(bytes: number, packets: number): boolean {
    if (this.#waiting + bytes > this.#limit) {
      this.dropped += packets;
      return false;
    }
    this.#waiting += bytes;
    return true;
  }

  /** The page has that much. It can say so only about what was sent. */
  free(bytes: number): void {
    this.#waiting = Math.max(0, this.#waiting - bytes);
  }
}
