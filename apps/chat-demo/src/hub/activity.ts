/** Tells who is elsewhere that there is something new in a room. */
import type { ChatEvent } from "../protocol/events.ts";

/** A room is told of once in so many milliseconds. */
const INTERVAL = 1_000;

interface Watched<T> {
  readonly watchers: Set<T>;
  /** Runs while there was news within the interval. */
  timer: NodeJS.Timeout | undefined;
  /** What came meanwhile. */
  news: { room: string; id: number } | undefined;
}

export class Activity<T> {
  readonly #tell: (watcher: T, event: ChatEvent) => void;
  readonly #rooms = new Map<string, Watched<T>>();

  constructor(tell: (watcher: T, event: ChatEvent) => void) {
    this.#tell = tell;
  }

  /** Rooms are given by the key of their name. */
  watch(key: string, watcher: T): void {
    let watched = this.#rooms.get(key);
    if (watched === undefined) {
      watched = { watchers: new Set(), timer: undefined, news: undefined };
      this.#rooms.set(key, watched);
    }
    watched.watchers.add(watcher);
  }

  unwatch(key: string, watcher: T): void {
    const watched = this.#rooms.get(key);
    if (watched === undefined) return;
    watched.watchers.delete(watcher);
    if (watched.watchers.size > 0) return;
    clearTimeout(watched.timer);
    this.#rooms.delete(key);
  }

  /** There is a new message. */
  happened(key: string, room: string, id: number): void {
    const watched = this.#rooms.get(key);
    if (watched === undefined) return;
    watched.news = { room, id };
    if (watched.timer === undefined) this.#report(watched);
  }

  #report(watched: Watched<T>): void {
    watched.timer = undefined;
    const { news } = watched;
    if (news === undefined) return;
    watched.news = undefined;
    watched.timer = setTimeout(() => this.#report(watched), INTERVAL).unref();
    for (const watcher of [...watched.watchers]) this.#tell(watcher, { type: "activity", ...news });
  }

  close(): void {
    for (const { timer } of this.#rooms.values()) clearTimeout(timer);
    this.#rooms.clear();
  }
}
