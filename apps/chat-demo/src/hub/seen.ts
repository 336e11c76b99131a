/** How far a client has read, in the rooms that it was in. */
import { MAX_AFTER_ROOMS } from "../protocol/frames.ts";
import { nameKey } from "../protocol/name.ts";

export class Seen {
  /** The id of the last message, by the key of the room's name; the room that was left last is the last. */
  readonly #ids: Map<string, number>;

  constructor(after: Readonly<Record<string, number>>) {
    this.#ids = new Map(Object.entries(after).map(([room, id]) => [nameKey(room), id]));
  }

  /** The keys of their names. */
  get rooms(): Iterable<string> {
    return this.#ids.keys();
  }

  get(room: string): number | undefined {
    return this.#ids.get(nameKey(room));
  }

  /** Returns the key of the room that is forgotten for it. */
  set(room: string, id: number): string | undefined {
    const key = nameKey(room);
    this.#ids.delete(key);
    this.#ids.set(key, id);
    if (this.#ids.size <= MAX_AFTER_ROOMS) return undefined;
    const [oldest] = this.#ids.keys();
    this.#ids.delete(oldest!);
    return oldest;
  }
}
