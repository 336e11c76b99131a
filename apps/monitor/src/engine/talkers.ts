/** Who sends and receives how much. */

/** Addresses that are kept apart; the traffic of further ones is counted as one, so that a scan cannot fill memory. */
const MAX_TALKERS = 50_000;
/** What stands for the addresses over the limit. */
export const OTHERS = "(others)";

export interface Talker {
  readonly address: string;
  sentPackets: number;
  sentBytes: number;
  receivedPackets: number;
  receivedBytes: number;
}

export class Talkers {
  readonly #limit: number;
  readonly #byAddress = new Map<string, Talker>();

  constructor(limit = MAX_TALKERS) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#byAddress.size;
  }

  /** Counts a packet for both its ends. */
  add(source: string, destination: string, bytes: number): void {
    if (source !== "") {
      const from = this.#talker(source);
      from.sentPackets++;
      from.sentBytes += bytes;
    }
    if (destination !== "") {
      const to = this.#talker(destination);
      to.receivedPackets++;
      to.receivedBytes += bytes;
    }
  }

  values(): Iterable<Talker> {
    return this.#byAddress.values();
  }

  #talker(address: string): Talker {
    const found = this.#byAddress.get(address);
    if (found !== undefined) return found;
    const key = this.#byAddress.size < this.#limit ? address : OTHERS;
    let talker = this.#byAddress.get(key);
    if (talker === undefined) {
      talker = { address: key, sentPackets: 0, sentBytes: 0, receivedPackets: 0, receivedBytes: 0 };
      this.#byAddress.set(key, talker);
    }
    return talker;
  }
}
