import { AgedMap } from "./aged-map.ts";

/** What one holds of a `SharedLimit`. */
interface Share {
  bytes: number;
}

/** Memory that many hold, at most so much over all: past it, whoever has held some for longest lets go of all of it. */
export class SharedLimit<H> {
  readonly #limit: number;
  readonly #release: (holder: H) => void;
  readonly #shares = new AgedMap<H, Share>();
  #bytes = 0;

  /** `release` is told of a holder that holds nothing from now on. */
  constructor(limit: number, release: (holder: H) => void) {
    this.#limit = limit;
    this.#release = release;
  }

  /** Bytes that are held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Notes that `holder` holds so many bytes now. */
  set(holder: H, bytes: number): void {
    const share = this.#shares.get(holder);
    this.#bytes += bytes - (share?.bytes ?? 0);
    if (bytes === 0) this.#shares.delete(holder);
    else if (share === undefined) this.#shares.set(holder, { bytes });
    else share.bytes = bytes;
    while (this.#bytes > this.#limit) {
      const { oldest } = this.#shares;
      if (oldest === undefined) break;
      this.#shares.delete(oldest.key);
      this.#bytes -= oldest.value.bytes;
      this.#release(oldest.key);
    }
  }
}
