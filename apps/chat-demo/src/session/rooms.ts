/** The rooms that a client knows of. */
import type { ListedRoom } from "../protocol/events.ts";
import { MAX_AFTER_ROOMS } from "../protocol/frames.ts";
import { nameKey } from "../protocol/name.ts";
import { Room } from "./room.ts";

/** Where everybody begins, and where `/leave` leads. */
export const LOBBY = "lobby";

export class Rooms {
  /** By the key of the name; the one that was visited last is the last. */
  readonly #rooms = new Map<string, Room>();

  constructor() {
    this.named(LOBBY);
  }

  /** All of them, by name. */
  get all(): Room[] {
    return [...this.#rooms.values()].sort((a, b) => a.name.localeCompare(b.name));
  }

  /** How far this client has read, for the server to go on from; the rooms that were visited last. */
  get after(): Readonly<Record<string, number>> {
    return Object.fromEntries(
      this.#read()
        .slice(-MAX_AFTER_ROOMS)
        .map(({ name, last }) => [name, last]),
    );
  }

  /** The room with a name; it is known from now on. */
  named(name: string): Room {
    const key = nameKey(name);
    let room = this.#rooms.get(key);
    if (room === undefined) {
      room = new Room(name);
      this.#rooms.set(key, room);
    }
    return room;
  }

  /** The client is there now. */
  visit(name: string): Room {
    const room = this.named(name);
    this.#rooms.delete(nameKey(name));
    this.#rooms.set(nameKey(name), room);
    room.unread = false;
    // Of those that were visited long ago, the server need not know how far this client has read.
    for (const forgotten of this.#read().slice(0, -MAX_AFTER_ROOMS)) forgotten.clear();
    return room;
  }

  /** Takes over the server's list; `current` is where the client is. */
  list(rooms: readonly ListedRoom[], current: Room | undefined): void {
    const listed = new Set(rooms.map(({ room }) => nameKey(room)));
    for (const [key, room] of this.#rooms) {
      room.size = undefined;
      // A room without people is none, unless there is something here to read in it.
      if (!listed.has(key) && key !== LOBBY && room !== current && room.entries.length === 0) this.#rooms.delete(key);
    }
    for (const { room: name, size, last } of rooms) {
      const room = this.named(name);
      room.size = size;
      // Only in a room where this client has been before is there something that it has not read.
      if (room !== current && room.last > 0 && last > room.last) room.unread = true;
    }
  }

  #read(): Room[] {
    return [...this.#rooms.values()].filter(({ last }) => last > 0);
  }
}
