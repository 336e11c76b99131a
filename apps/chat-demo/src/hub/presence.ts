/** Comings and goings: who enters, leaves, moves to another room or takes another name, and who is told of it. */
import type { History } from "../history/history.ts";
import { nameKey, nickKey } from "../protocol/name.ts";
import type { Activity } from "./activity.ts";
import type { Channel } from "./channel.ts";
import { alone, type Cluster } from "./cluster.ts";
import type { Delivery } from "./delivery.ts";
import type { Directory } from "./directory.ts";
import type { Entrance, Member } from "./member.ts";
import type { Person } from "./neighbours.ts";
import type { Recollection } from "./recollection.ts";
import { Seen } from "./seen.ts";

/** Where everybody begins, and where `/leave` leads. */
export const LOBBY = "lobby";

/** What presence works on; all of it is the hub's. */
export interface PresenceParts {
  readonly directory: Directory;
  readonly delivery: Delivery;
  readonly activity: Activity<Member>;
  readonly history: History;
  readonly recollection: Recollection;
}

export class Presence {
  readonly #directory: Directory;
  readonly #delivery: Delivery;
  readonly #activity: Activity<Member>;
  readonly #history: History;
  readonly #recollection: Recollection;
  cluster: Cluster = alone;
  #lastMember = 0;

  constructor({ directory, delivery, activity, history, recollection }: PresenceParts) {
    this.#directory = directory;
    this.#delivery = delivery;
    this.#activity = activity;
    this.#history = history;
    this.#recollection = recollection;
  }

  /**
   * Takes somebody in. Who still has a connection from before loses that one, and nobody hears of it who need not; its
   * end is the caller's, as `replaced`.
   */
  enter(
    channel: Channel,
    { nick: wanted, room = LOBBY, key, after = {} }: Entrance,
  ): { member: Member; replaced: Member | undefined } {
    const replaced = key === undefined ? undefined : this.#directory.withKey(key);
    const stays = replaced?.announced === true && isPlaceOf(replaced, wanted, room);
    if (stays) this.#remove(replaced);
    else if (replaced !== undefined) this.leave(replaced, "connected anew");
    const free = wanted !== undefined && !this.#directory.isTaken(wanted);
    const nick = free ? wanted : this.#directory.freeName();
    const id = stays ? replaced.id : ++this.#lastMember;
    const seen = new Seen(after);
    const member: Member = { id, key, nick, room: undefined, channel, announced: stays, seen, saying: 0 };
    this.#directory.add(member);
    const name = this.#moveIn(member, room);
    this.#delivery.tell(member, { type: "welcome", nick, room: name, others: this.#directory.sizeOf(name) - 1 });
    for (const other of seen.rooms) if (other !== nameKey(name)) this.#activity.watch(other, member);
    this.#introduce(member);
    // Behind the history, where it is seen.
    if (wanted !== undefined && !free) this.#refuse(member, wanted);
    return { member, replaced };
  }

  /** Tells the room about somebody who has not been announced yet. */
  announce(member: Member): void {
    const { nick, room } = member;
    if (member.announced || room === undefined) return;
    member.announced = true;
    this.cluster.changed();
    this.#delivery.announce(room, { type: "joined", nick, room }, member);
  }

  leave(member: Member, reason: string | undefined): void {
    const { nick, room } = member;
    if (room === undefined) return;
    this.#remove(member);
    if (!member.announced) return;
    this.cluster.changed();
    this.#delivery.announce(room, { type: "left", nick, room, reason }, member);
  }

  #remove(member: Member): void {
    this.#moveOut(member);
    for (const seen of member.seen.rooms) this.#activity.unwatch(seen, member);
    this.#directory.remove(member);
  }

  join(member: Member, name: string): void {
    const { nick, room: from } = member;
    if (from === undefined) return;
    const moves = nameKey(from) !== nameKey(name);
    if (moves) {
      this.#moveOut(member);
      const to = this.#moveIn(member, name);
      if (member.announced) {
        this.cluster.changed();
        this.#delivery.announce(from, { type: "left", nick, room: from, reason: `to #${to}` }, member);
        this.#delivery.announce(to, { type: "joined", nick, room: to }, member);
      }
    }
    // Telling the others may have dropped this one too.
    const { room } = member;
    if (room === undefined) return;
    this.#delivery.tell(member, { type: "entered", room, others: this.#directory.sizeOf(room) - 1 });
    if (moves) this.#introduce(member);
  }

  rename(member: Member, to: string): void {
    const from = member.nick;
    if (this.#directory.isTaken(to, member)) {
      this.#refuse(member, to);
      return;
    }
    this.#directory.rename(member, to);
    this.#delivery.tell(member, { type: "named", nick: to });
    if (member.announced && from !== to && member.room !== undefined) {
      this.cluster.changed();
      this.#delivery.announce(member.room, { type: "renamed", from, to }, member);
    }
  }

  /** Takes over who is on another server now; the reason is that of those who are gone. */
  setNeighbours(server: string, people: readonly Person[], reason: string | undefined): void {
    for (const { before, after } of this.#directory.neighbours.set(server, people)) {
      if (after !== undefined) this.#resolve(after.nick, server);
      if (before !== undefined && after !== undefined && nameKey(before.room) === nameKey(after.room)) {
        this.#delivery.announce(after.room, { type: "renamed", from: before.nick, to: after.nick });
        continue;
      }
      if (before !== undefined) {
        const to = after === undefined ? reason : `to #${after.room}`;
        this.#delivery.announce(before.room, { type: "left", nick: before.nick, room: before.room, reason: to });
      }
      if (after !== undefined) {
        this.#delivery.announce(after.room, { type: "joined", nick: after.nick, room: after.room });
      }
    }
  }

  /** Two servers gave the same name away at the same time: one of them takes it back. */
  #resolve(nick: string, server: string): void {
    const member = this.#directory.named(nick);
    if (member === undefined || this.cluster === alone || this.cluster.server < server) return;
    this.#refuse(member, nick);
    this.rename(member, this.#directory.freeName());
  }

  #refuse(member: Member, name: string): void {
    const text = `The name ${name} is taken; you are ${member.nick}`;
    this.#delivery.tell(member, { type: "problem", code: "nick", text });
  }

  /** Returns the name of the room as it is spelt. */
  #moveIn(member: Member, name: string): string {
    this.#directory.enter(member, name);
    this.#activity.unwatch(nameKey(name), member);
    return member.room!;
  }

  #moveOut(member: Member): void {
    const key = nameKey(member.room!);
    this.#directory.exit(member);
    const forgotten = member.seen.set(key, this.#history.last(key));
    if (forgotten !== undefined) this.#activity.unwatch(forgotten, member);
    if (member.channel.frames) this.#activity.watch(key, member);
  }

  /** Tells who has entered a room who is there, and what was said since it was there last. */
  #introduce(member: Member): void {
    const { room, channel, seen } = member;
    if (room === undefined) return;
    if (channel.frames) this.#delivery.tell(member, this.#directory.peopleOf(room));
    for (const event of this.#recollection.since(room, seen.get(room), channel.frames)) {
      this.#delivery.tell(member, event);
    }
  }
}

/** Whether somebody is in that room under that name. */
function isPlaceOf({ nick, room }: Member, wanted: string | undefined, wantedRoom: string): boolean {
  if (wanted === undefined || room === undefined) return false;
  return nickKey(nick) === nickKey(wanted) && nameKey(room) === nameKey(wantedRoom);
}
