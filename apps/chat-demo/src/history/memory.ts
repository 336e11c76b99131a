/** A history that ends with the process. */
import type { Limits } from "../hub/limits.ts";
import type { Message } from "../protocol/events.ts";
import { nameKey } from "../protocol/name.ts";
import type { History, KeyedMessage, Page } from "./history.ts";
import { RecentKeys } from "./recent-keys.ts";

/** What went from the front of a list is cut off when it is as much as this, and half of the list. */
const MIN_CUT = 64;

/** A queue of messages that is searched by id. */
class Shelf {
  #messages: Message[] = [];
  #first = 0;

  get size(): number {
    return this.#messages.length - this.#first;
  }

  get last(): number {
    return this.size === 0 ? 0 : this.#messages[this.#messages.length - 1]!.id;
  }

  push(message: Message): void {
    this.#messages.push(message);
  }

  shift(): Message | undefined {
    if (this.size === 0) return undefined;
    const message = this.#messages[this.#first++];
    if (this.#first >= MIN_CUT && this.#first * 2 >= this.#messages.length) {
      this.#messages.splice(0, this.#first);
      this.#first = 0;
    }
    return message;
  }

  /** The place of the first message whose id is at least this. */
  #search(id: number): number {
    let low = this.#first;
    let high = this.#messages.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#messages[middle]!.id < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Ids from `from` up to, but not including, `to`; the last `limit` of them. */
  between(from: number, to: number, limit: number): Page {
    const start = this.#search(from);
    const end = this.#search(to);
    const cut = Math.max(start, end - limit);
    return { messages: this.#messages.slice(cut, end), more: cut > start };
  }
}

const NOTHING: Page = { messages: [], more: false };

export class MemoryHistory implements History {
  readonly durable: boolean = false;
  readonly #limits: Pick<Limits, "maxHistory" | "maxHistorySize">;
  readonly #rooms = new Map<string, Shelf>();
  readonly #all = new Shelf();
  readonly #keys = new RecentKeys();
  #size = 0;
  #lastId: number;

  /** Ids begin with the time, so that a client that comes back after a restart knows none that are yet to come. */
  constructor(limits: Pick<Limits, "maxHistory" | "maxHistorySize">, lastId: number = Date.now() * 1_000) {
    this.#limits = limits;
    this.#lastId = lastId;
  }

  get lastId(): number {
    return this.#lastId;
  }

  append(messages: readonly KeyedMessage[]): void {
    for (const { message, key } of messages) {
      const room = nameKey(message.room);
      let shelf = this.#rooms.get(room);
      if (shelf === undefined) {
        shelf = new Shelf();
        this.#rooms.set(room, shelf);
      }
      shelf.push(message);
      this.#all.push(message);
      this.#size += message.text.length;
      this.#lastId = message.id;
      if (key !== undefined) this.#keys.set(key, message.id);
    }
    this.#trim();
  }

  #trim(): void {
    while (this.#all.size > this.#limits.maxHistory || this.#size > this.#limits.maxHistorySize) {
      const oldest = this.#all.shift();
      if (oldest === undefined) return;
      this.#size -= oldest.text.length;
      const room = nameKey(oldest.room);
      const shelf = this.#rooms.get(room)!;
      shelf.shift();
      if (shelf.size === 0) this.#rooms.delete(room);
    }
  }

  idOf(key: string): number | undefined {
    return this.#keys.get(key);
  }

  before(room: string, before: number, limit: number): Page {
    return this.#rooms.get(nameKey(room))?.between(0, before, limit) ?? NOTHING;
  }

  after(room: string, after: number, limit: number): Page {
    return this.#rooms.get(nameKey(room))?.between(after + 1, Number.POSITIVE_INFINITY, limit) ?? NOTHING;
  }

  last(room: string): number {
    return this.#rooms.get(nameKey(room))?.last ?? 0;
  }

  close(): void {}
}
