/** Who is on the other servers of the cluster. */
import { nameKey, nickKey } from "../protocol/name.ts";

/** Somebody in a room, as servers tell each other. */
export interface Person {
  /** The same while the person stays, whatever it is called. */
  readonly id: number;
  readonly nick: string;
  readonly room: string;
}

export interface Neighbour extends Person {
  readonly server: string;
}

/** What became of somebody. */
export interface Change {
  readonly before: Neighbour | undefined;
  readonly after: Neighbour | undefined;
}

export class Neighbours {
  readonly #servers = new Map<string, Map<number, Neighbour>>();
  /** By the key of the name. */
  readonly #nicks = new Map<string, Neighbour>();
  readonly #rooms = new Map<string, Set<Neighbour>>();

  /** Takes over who is on a server now. Returns what has changed. */
  set(server: string, people: readonly Person[]): Change[] {
    const known = this.#servers.get(server) ?? new Map<number, Neighbour>();
    const changes: Change[] = [];
    const now = new Map<number, Neighbour>();
    for (const { id, nick, room } of people) {
      const before = known.get(id);
      if (before !== undefined && before.nick === nick && before.room === room) {
        now.set(id, before);
      } else {
        const after = { id, nick, room, server };
        now.set(id, after);
        changes.push({ before, after });
      }
    }
    for (const before of known.values()) if (!now.has(before.id)) changes.push({ before, after: undefined });
    for (const { before } of changes) if (before !== undefined) this.#remove(before);
    for (const { after } of changes) if (after !== undefined) this.#add(after);
    if (now.size > 0) this.#servers.set(server, now);
    else this.#servers.delete(server);
    return changes;
  }

  named(nick: string): Neighbour | undefined {
    return this.#nicks.get(nickKey(nick));
  }

  in(room: string): ReadonlySet<Neighbour> {
    return this.#rooms.get(nameKey(room)) ?? nobody;
  }

  /** Rooms that have somebody, with one spelling of their names. */
  *rooms(): Iterable<string> {
    for (const people of this.#rooms.values()) {
      for (const { room } of people) {
        yield room;
        break;
      }
    }
  }

  #add(person: Neighbour): void {
    this.#nicks.set(nickKey(person.nick), person);
    const key = nameKey(person.room);
    const people = this.#rooms.get(key);
    if (people === undefined) this.#rooms.set(key, new Set([person]));
    else people.add(person);
  }

  #remove(person: Neighbour): void {
    const nick = nickKey(person.nick);
    if (this.#nicks.get(nick) === person) this.#nicks.delete(nick);
    const key = nameKey(person.room);
    const people = this.#rooms.get(key);
    people?.delete(person);
    if (people?.size === 0) this.#rooms.delete(key);
  }
}

const nobody: ReadonlySet<Neighbour> = new Set();
