/** Who is where: the people of this server, its rooms, and whoever is on the other servers of the cluster. */
import type { ChatEvent } from "../protocol/events.ts";
import { guestName, nameKey, nickKey } from "../protocol/name.ts";
import type { Member } from "./member.ts";
import { Neighbours } from "./neighbours.ts";

/** A list of names stops here. */
export const MAX_LISTED = 100;

interface Room {
  readonly name: string;
  readonly members: Set<Member>;
}

export class Directory {
  /** By the key of the nickname. */
  readonly #people = new Map<string, Member>();
  /** Those that have a key, by it. */
  readonly #keys = new Map<string, Member>();
  /** By the key of the name; a room without people does not exist. */
  readonly #rooms = new Map<string, Room>();
  readonly neighbours = new Neighbours();
  #guests = 0;

  /** How many people there are on this server. */
  get size(): number {
    return this.#people.size;
  }

  /** How many rooms have people of this server. */
  get rooms(): number {
    return this.#rooms.size;
  }

  /** The people of this server. */
  get people(): Iterable<Member> {
    return this.#people.values();
  }

  /** The one on this server who has a name, in any spelling. */
  named(nick: string): Member | undefined {
    return this.#people.get(nickKey(nick));
  }

  /** The one on this server who came with a key. */
  withKey(key: string): Member | undefined {
    return this.#keys.get(key);
  }

  /** Whether somebody else than `except` has a name, here or on another server. */
  isTaken(nick: string, except?: Member): boolean {
    const holder = this.named(nick);
    return (holder !== undefined && holder !== except) || this.neighbours.named(nick) !== undefined;
  }

  /** A name that nobody has. */
  freeName(): string {
    let nick: string;
    do nick = guestName(++this.#guests);
    while (this.isTaken(nick));
    return nick;
  }

  /** Takes in somebody who is in no room yet. The name is free. */
  add(member: Member): void {
    this.#people.set(nickKey(member.nick), member);
    if (member.key !== undefined) this.#keys.set(member.key, member);
  }

  /** Takes out somebody who is in no room any more. */
  remove(member: Member): void {
    this.#people.delete(nickKey(member.nick));
    if (member.key !== undefined) this.#keys.delete(member.key);
  }

  rename(member: Member, to: string): void {
    this.remove(member);
    member.nick = to;
    this.add(member);
  }

  /** Puts somebody into a room, which is made if it does not exist. */
  enter(member: Member, name: string): void {
    const key = nameKey(name);
    let room = this.#rooms.get(key);
    if (room === undefined) {
      room = { name, members: new Set() };
      this.#rooms.set(key, room);
    }
    room.members.add(member);
    member.room = room.name;
  }

  /** Takes somebody out of the room. */
  exit(member: Member): void {
    const key = nameKey(member.room!);
    const room = this.#rooms.get(key)!;
    room.members.delete(member);
    if (room.members.size === 0) this.#rooms.delete(key);
    member.room = undefined;
  }

  /** The people of this server who are in a room. */
  in(room: string): ReadonlySet<Member> {
    return this.#rooms.get(nameKey(room))?.members ?? nobody;
  }

  /** How many people are in a room, on all servers. */
  sizeOf(room: string): number {
    return this.in(room).size + this.neighbours.in(room).size;
  }

  /** Who is in a room, on all servers. */
  peopleOf(name: string): ChatEvent {
    const nicks: string[] = [];
    for (const people of [this.in(name), this.neighbours.in(name)]) {
      for (const { nick } of people) {
        if (nicks.length === MAX_LISTED) break;
        nicks.push(nick);
      }
    }
    const room = this.#rooms.get(nameKey(name))?.name ?? name;
    return { type: "people", room, nicks, more: this.sizeOf(name) - nicks.length };
  }

  /** The rooms that have people, on all servers, with one spelling of their names. */
  roomNames(): string[] {
    const names = new Map([...this.neighbours.rooms()].map((name) => [nameKey(name), name]));
    for (const { name } of this.#rooms.values()) names.set(nameKey(name), name);
    return [...names.values()];
  }

  /** Forgets the people of this server. */
  clear(): void {
    for (const member of this.#people.values()) member.room = undefined;
    this.#people.clear();
    this.#keys.clear();
    this.#rooms.clear();
  }
}

const nobody: ReadonlySet<Member> = new Set();
