/** Who is there, in which room, and who hears what. Knows no socket and no format. */

import type { Bus, Draft } from "../bus/bus.ts";
import type { History } from "../history/history.ts";
import type { Command } from "../protocol/commands.ts";
import type { ChatEvent, ListedRoom, Message } from "../protocol/events.ts";
import { nameKey, nickKey } from "../protocol/name.ts";
import { Activity } from "./activity.ts";
import type { Channel, Client, Cluster, Entrance, Helpers, Member } from "./channel.ts";
import { Delivery } from "./delivery.ts";
import { Neighbours, type Person } from "./neighbours.ts";
import { Recollection } from "./recollection.ts";
import { Seen } from "./seen.ts";

/** What the hub needs besides. */
export interface HubOptions {
  helpers?: Helpers;
  bus: Bus;
  history: History;
  /** Messages told to who comes back. */
  catchUp: number;
}

/** Where everybody begins. */
const LOBBY = "lobby";
/** A list of names stops here. */
const MAX_LISTED = 100;
/** In a room with more people than this nobody is told who comes and goes: it would be most of what one reads there. */
const MAX_ANNOUNCED = 100;

interface Room {
  readonly name: string;
  readonly members: Set<Member>;
}

export class Hub {
  /** By the key of the nickname. */
  readonly #people = new Map<string, Member>();
  /** By the key of the name; a room without people does not exist. */
  readonly #rooms = new Map<string, Room>();
  readonly #bus: Bus;
  readonly #history: History;
  readonly #recollection: Recollection;
  readonly #helpers: Helpers;
  readonly #activity: Activity<Member>;
  readonly #neighbours = new Neighbours();
  /** What was said here since the start, and what of it could not be kept. */
  readonly counts = { said: 0, refused: 0 };
  readonly delivery: Delivery;
  #cluster: Cluster | undefined;
  #lastMember = 0;
  #guests = 0;

  /** How many rooms have people. */
  get rooms(): number {
    return this.#rooms.size;
  }

  /** How many people there are. */
  get size(): number {
    return this.#people.size;
  }

  constructor({ bus, history, catchUp, helpers = {} }: HubOptions) {
    this.#bus = bus;
    this.#history = history;
    this.#recollection = new Recollection(history, catchUp);
    const tooSlow = "too slow: more was waiting than the server keeps";
    this.delivery = new Delivery((member) => this.drop(member, tooSlow, { discard: true }));
    this.#helpers = helpers;
    this.#activity = new Activity((member, event) => this.#tell(member, event));
    bus.listen((message, key, origin) => this.#said(message, key, origin as Member | undefined));
  }

  /**
   * A new client, in the lobby and under a guest's name unless it says otherwise. It hears the others, who learn about
   * it with `announce`.
   */
  enter(channel: Channel, { nick: wanted, room: to = LOBBY, after = {} }: Entrance = {}): Client {
    const free = wanted !== undefined && !this.#isTaken(wanted);
    const nick = free ? wanted : this.#guest();
    const id = ++this.#lastMember;
    const seen = new Seen(after);
    const member: Member = { id, nick, room: undefined, channel, announced: false, seen, saying: 0 };
    this.#people.set(nickKey(nick), member);
    const { name } = this.#move(member, to);
    this.#tell(member, { type: "welcome", nick, room: name, others: this.#sizeOf(name) - 1 });
    if (wanted !== undefined && !free) this.#taken(member, wanted);
    for (const room of member.seen.rooms) if (room !== nameKey(name)) this.#activity.watch(room, member);
    this.#introduce(member);
    return member;
  }

  #guest(): string {
    let nick: string;
    do nick = `guest-${++this.#guests}`;
    while (this.#isTaken(nick));
    return nick;
  }

  /** Tells the room about a client that has not been announced yet. */
  announce(client: Client): void {
    const member = client as Member;
    if (member.announced || member.room === undefined) return;
    member.announced = true;
    this.#cluster?.changed();
    this.#announce(member.room, { type: "joined", nick: member.nick, room: member.room }, member);
  }

  /** Does what a client asks for. A key is the client's name for what it says, in case that it says it again. */
  handle(client: Client, command: Command, key?: string): void {
    const member = client as Member;
    // What it said before is heard before.
    if (command.type !== "say" && command.type !== "act") this.#settle(member);
    const { nick, room } = member;
    if (room === undefined) return;
    // Choosing a name and a room comes before being announced.
    if (command.type !== "nick" && command.type !== "join" && command.type !== "nothing") this.announce(member);
    switch (command.type) {
      case "say":
        this.#say(member, { type: "said", room, from: nick, text: command.text }, key);
        break;
      case "act":
        this.#say(member, { type: "acted", room, from: nick, text: command.text }, key);
        break;
      case "whisper":
        this.#whisper(member, command.to, command.text);
        break;
      case "nick":
        this.#rename(member, command.nick);
        break;
      case "join":
        this.#join(member, command.room);
        break;
      case "leave":
        this.#join(member, LOBBY);
        break;
      case "who":
        this.#who(member, command.room ?? room);
        break;
      case "history":
        for (const event of this.#recollection.last(room, command.count)) this.#tell(member, event);
        break;
      case "weather":
        void this.#weather(member, room, command.place);
        break;
      case "help":
        this.#tell(member, { type: "help" });
        break;
      case "invalid":
        this.#tell(member, { type: "problem", code: "command", text: command.problem });
        break;
      case "quit":
        this.leave(member, command.reason);
        member.channel.close("see you", { discard: false });
        break;
      case "nothing":
        break;
    }
  }

  /** Takes a client out, whose connection is the caller's to end. Harmless when it has left already. */
  leave(client: Client, reason?: string): void {
    const member = client as Member;
    this.#settle(member);
    const { nick, room } = member;
    if (room === undefined) return;
    this.#moveOut(member);
    for (const seen of member.seen.rooms) this.#activity.unwatch(seen, member);
    this.#people.delete(nickKey(nick));
    if (!member.announced) return;
    this.#cluster?.changed();
    this.#announce(room, { type: "left", nick, room, reason }, member);
  }

  /** Puts a client out: it and the others are told why. With `discard`, what waits for it is given up. */
  drop(client: Client, reason: string, { discard = false }: { discard?: boolean } = {}): void {
    if (client.room === undefined) return;
    this.leave(client, reason);
    (client as Member).channel.close(reason, { discard });
  }

  /** Tells a client messages of a room, as it asked for. */
  recall(client: Client, room: string, before: number | undefined, limit: number): void {
    this.#tell(client as Member, this.#recollection.page(room, before, limit));
  }

  /** This server is one of several. */
  joinCluster(cluster: Cluster): void {
    this.#cluster = cluster;
  }

  /** Those whom the other servers know of. */
  *people(): Iterable<Person> {
    for (const { id, nick, room, announced } of this.#people.values()) {
      if (announced && room !== undefined) yield { id, nick, room };
    }
  }

  /** Takes over who is on another server now; the reason is that of those who are gone. */
  setNeighbours(server: string, people: readonly Person[], reason: string | undefined): void {
    for (const { before, after } of this.#neighbours.set(server, people)) {
      if (after !== undefined) this.#resolve(after.nick, server);
      const moved = before === undefined || after === undefined || nameKey(before.room) !== nameKey(after.room);
      if (moved) {
        const to = after === undefined ? reason : `to #${after.room}`;
        if (before !== undefined) {
          this.#announce(before.room, { type: "left", nick: before.nick, room: before.room, reason: to }, undefined);
        }
        if (after !== undefined) {
          this.#announce(after.room, { type: "joined", nick: after.nick, room: after.room }, undefined);
        }
      } else {
        this.#announce(after.room, { type: "renamed", from: before.nick, to: after.nick }, undefined);
      }
    }
  }

  /** Two servers gave the same name away at the same time: one of them takes it back. */
  #resolve(nick: string, server: string): void {
    const member = this.#people.get(nickKey(nick));
    if (member === undefined || this.#cluster === undefined || this.#cluster.server < server) return;
    this.#taken(member, nick);
    this.#rename(member, this.#guest());
  }

  /** Somebody on another server whispers to somebody here. */
  hear({ from, to, text }: { from: string; to: string; text: string }): void {
    const receiver = this.#people.get(nickKey(to));
    if (receiver !== undefined) this.#tell(receiver, { type: "whispered", from, to: receiver.nick, text });
  }

  /** Says goodbye to everybody. */
  close(reason: string, { restart = false }: { restart?: boolean } = {}): void {
    const everybody = [...this.#people.values()];
    this.#people.clear();
    this.#rooms.clear();
    this.#activity.close();
    for (const member of everybody) {
      member.room = undefined;
      member.channel.close(reason, { discard: false, restart });
    }
  }

  #move(member: Member, name: string): Room {
    const key = nameKey(name);
    let room = this.#rooms.get(key);
    if (room === undefined) {
      room = { name, members: new Set() };
      this.#rooms.set(key, room);
    }
    room.members.add(member);
    member.room = room.name;
    this.#activity.unwatch(key, member);
    return room;
  }

  #moveOut(member: Member): void {
    const key = nameKey(member.room!);
    const room = this.#rooms.get(key)!;
    room.members.delete(member);
    if (room.members.size === 0) this.#rooms.delete(key);
    member.room = undefined;
    const forgotten = member.seen.set(key, this.#history.last(key));
    if (forgotten !== undefined) this.#activity.unwatch(forgotten, member);
    if (member.channel.frames) this.#activity.watch(key, member);
  }

  #join(member: Member, name: string): void {
    const { nick, room: from } = member;
    if (from === undefined) return;
    const moves = nameKey(from) !== nameKey(name);
    if (moves) {
      this.#moveOut(member);
      const to = this.#move(member, name);
      if (member.announced) {
        this.#cluster?.changed();
        this.#announce(from, { type: "left", nick, room: from, reason: `to #${to.name}` }, member);
        this.#announce(to.name, { type: "joined", nick, room: to.name }, member);
      }
    }
    // Telling the others may have dropped this one too.
    const { room } = member;
    if (room === undefined) return;
    this.#tell(member, { type: "entered", room, others: this.#sizeOf(room) - 1 });
    if (moves) this.#introduce(member);
  }

  /** Tells who has entered a room who is there, and what was said since it was there last. */
  #introduce(member: Member): void {
    const { room, channel, seen } = member;
    if (room === undefined) return;
    if (channel.frames) this.#tell(member, this.#peopleOf(room));
    for (const event of this.#recollection.since(room, seen.get(room), channel.frames)) this.#tell(member, event);
  }

  #say(member: Member, draft: Omit<Draft, "key">, key: string | undefined): void {
    member.saying++;
    this.counts.said++;
    this.#bus.publish({ ...draft, key }, member).then(
      (id) => {
        member.saying--;
        if (key !== undefined && member.room !== undefined) this.#tell(member, { type: "ack", key, id });
      },
      () => {
        member.saying--;
        this.counts.refused++;
        const text = "What you said could not be kept; say it again";
        if (member.room !== undefined) {
          this.#tell(member, { type: "problem", code: "unavailable", text, ...(key !== undefined && { key }) });
        }
      },
    );
  }

  async #title({ room, text }: Message): Promise<void> {
    for (const title of (await this.#helpers.titles?.(text)) ?? []) this.notice(room, `Link: ${title}`);
  }

  async #weather(member: Member, room: string, place: string): Promise<void> {
    const { weather } = this.#helpers;
    let problem = "This server does not know the weather";
    try {
      if (weather !== undefined) {
        this.notice(room, await weather(place));
        return;
      }
    } catch (error) {
      problem = (error as Error).message;
    }
    if (member.room !== undefined) this.#tell(member, { type: "problem", code: "command", text: problem });
  }

  /** Tells a room something, on all servers. */
  notice(room: string, text: string): void {
    this.hearNotice(room, text);
    this.#cluster?.notice(room, text);
  }

  /** The same for the people of this server. */
  hearNotice(room: string, text: string): void {
    this.#publish(room, { type: "notice", text }, undefined);
  }

  /** Lets what a member has said be heard, before it does something else. */
  #settle(member: Member): void {
    if (member.saying > 0) this.#bus.flush();
  }

  /** Something was said, by a member of this server or of another one. */
  #said(message: Message, key: string | undefined, origin: Member | undefined): void {
    const roomKey = nameKey(message.room);
    const room = this.#rooms.get(roomKey);
    if (room !== undefined) {
      // Who speaks lines sees already what it said; who speaks frames is told its place, and which one it is.
      const told = origin?.channel.frames ? key !== undefined : message.type === "said";
      const apart = told && origin !== undefined && room.members.has(origin) ? origin : undefined;
      this.delivery.deliver(room.members, message, apart);
      if (apart?.channel.frames) this.#tell(apart, { ...message, key: key! });
    }
    if (origin !== undefined && this.#helpers.titles !== undefined) void this.#title(message);
    this.#activity.happened(roomKey, message.room, message.id);
  }

  #rename(member: Member, to: string): void {
    const from = member.nick;
    const holder = this.#people.get(nickKey(to));
    if ((holder !== undefined && holder !== member) || this.#neighbours.named(to) !== undefined) {
      this.#taken(member, to);
      return;
    }
    this.#people.delete(nickKey(from));
    this.#people.set(nickKey(to), member);
    member.nick = to;
    this.#tell(member, { type: "named", nick: to });
    if (member.announced && from !== to && member.room !== undefined) {
      this.#cluster?.changed();
      this.#announce(member.room, { type: "renamed", from, to }, member);
    }
  }

  #taken(member: Member, name: string): void {
    this.#tell(member, { type: "problem", code: "nick", text: `The name ${name} is taken; you are ${member.nick}` });
  }

  #whisper(member: Member, to: string, text: string): void {
    const receiver = this.#people.get(nickKey(to));
    const neighbour = this.#neighbours.named(to);
    if (receiver === undefined && neighbour !== undefined) {
      const whisper = { from: member.nick, to: neighbour.nick, text };
      this.#cluster?.whisper(neighbour.server, whisper);
      this.#tell(member, { type: "whispered", ...whisper });
      return;
    }
    if (receiver === undefined) {
      this.#tell(member, {
        type: "problem",
        code: "nick",
        text: `Nobody here is called ${to}; /who lists who is here`,
      });
      return;
    }
    const event: ChatEvent = { type: "whispered", from: member.nick, to: receiver.nick, text };
    this.delivery.deliver(receiver === member ? [member] : [receiver, member], event);
  }

  #who(member: Member, name: string): void {
    this.#tell(member, this.#peopleOf(name));
    const names = new Map([...this.#neighbours.rooms()].map((other) => [nameKey(other), other]));
    for (const { name: other } of this.#rooms.values()) names.set(nameKey(other), other);
    const rooms: ListedRoom[] = [];
    for (const other of names.values()) {
      const listed = { room: other, size: this.#sizeOf(other), last: this.#history.last(other) };
      if (rooms.push(listed) === MAX_LISTED) break;
    }
    this.#tell(member, { type: "rooms", rooms, more: names.size - rooms.length });
  }

  #peopleOf(name: string): ChatEvent {
    const room = this.#rooms.get(nameKey(name));
    const nicks: string[] = [];
    for (const people of [room?.members ?? [], this.#neighbours.in(name)]) {
      for (const { nick } of people) {
        if (nicks.length === MAX_LISTED) break;
        nicks.push(nick);
      }
    }
    return { type: "people", room: room?.name ?? name, nicks, more: this.#sizeOf(name) - nicks.length };
  }

  /** How many people are in a room, on all servers. */
  #sizeOf(room: string): number {
    return (this.#rooms.get(nameKey(room))?.members.size ?? 0) + this.#neighbours.in(room).size;
  }

  #isTaken(nick: string): boolean {
    return this.#people.has(nickKey(nick)) || this.#neighbours.named(nick) !== undefined;
  }

  #tell(member: Member, event: ChatEvent): void {
    this.delivery.deliver([member], event);
  }

  /** Everybody in a room hears it, but for one: who said it sees it already. */
  #publish(room: string, event: ChatEvent, except: Member | undefined): void {
    this.delivery.deliver(this.#rooms.get(nameKey(room))?.members ?? [], event, except);
  }

  /** The same for comings and goings, where they are worth telling. */
  #announce(room: string, event: ChatEvent, except: Member | undefined): void {
    if (this.#sizeOf(room) <= MAX_ANNOUNCED) this.#publish(room, event, except);
  }
}
