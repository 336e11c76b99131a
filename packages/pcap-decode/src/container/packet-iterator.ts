import type { Packet } from "../packet.ts";

/** Gives packets that are there already, one by one. */
interface PacketQueue {
  nextPacket(): Packet | undefined;
}

/** An iterator whose `next` waits only when the reader needs another piece of the file. */
export class PacketIterator implements AsyncIterator<Packet> {
  #reader: PacketQueue | undefined;
  readonly #opening: PacketQueue | Promise<PacketQueue>;
  readonly #more: () => Promise<boolean>;
  readonly #close: () => Promise<void>;
  #last: Promise<unknown> | undefined;

  constructor(reader: PacketQueue | Promise<PacketQueue>, more: () => Promise<boolean>, close: () => Promise<void>) {
    this.#opening = reader;
    this.#more = more;
    this.#close = close;
    // A rejection is reported by `next`, the first to await it.
    if (reader instanceof Promise) reader.catch(() => {});
    else this.#reader = reader;
  }

  next(): Promise<IteratorResult<Packet>> {
    if (this.#last === undefined && this.#reader !== undefined) {
      const value = this.#reader.nextPacket();
      if (value !== undefined) return Promise.resolve({ done: false, value });
    }
    // Calls that come while one waits are answered in their order.
    const answer = this.#last === undefined ? this.#slow() : this.#last.then(() => this.#slow());
    this.#last = answer;
    const settled = () => {
      if (this.#last === answer) this.#last = undefined;
    };
    answer.then(settled, settled);
    return answer;
  }

  async return(): Promise<IteratorResult<Packet>> {
    await this.#close();
    return { done: true, value: undefined };
  }

  async #slow(): Promise<IteratorResult<Packet>> {
    try {
      const reader = this.#reader ?? (await this.#opening);
      this.#reader = reader;
      for (;;) {
        const value = reader.nextPacket();
        if (value !== undefined) return { done: false, value };
        if (!(await this.#more())) break;
      }
    } catch (error) {
      await this.#close();
      throw error;
    }
    await this.#close();
    return { done: true, value: undefined };
  }
}
