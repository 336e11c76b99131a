/** Who is there, in which room, and who hears what. Knows no socket and no format. */

import type { Command } from "../protocol/commands.ts";
import type { ChatEvent, ListedRoom } from "../protocol/events.ts";
import { nameKey } from "../protocol/name.ts";

/** Makes an event into the bytes of one kind of client. Clients of a kind share the function, and so the bytes. */
export type Encode = (event: ChatEvent) => Uint8Array;

/** What the hub needs of a client's connection. */
export interface Channel {
  readonly encode: Encode;
  /** Takes bytes to be sent; false when too much waits already. They are shared: nobody may change them. */
  send(bytes: Uint8Array): boolean;
  /** Tells the client why and ends the connection. With `discard`, what waits is given up. */
  close(reason: string, options: { discard: boolean }): void;
}

/** One person. Made by `Hub.enter`; read it, and let the hub change it. */
export interface Client {
  readonly nick: string;
  /** Undefined before the client entered and after it left. */
  readonly room: string | undefined;
  /** Whether the others were told about it. */
  readonly announced: boolean;
}

interface Member extends Client {
  nick: string;
  room: string | undefined;
  announced: boolean;
  readonly channel: Channel;
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
  /** By the key of the name. */
  readonly #people = new Map<string, Member>();
  /** By the key of the name; a room without people does not exist. */
  readonly #rooms = new Map<string, Room>();
  #guests = 0;
  #slow: Member[] = [];
  #dropping = false;

  /** How many people there are. */
  get size(): number {
    return this.#people.size;
  }

  /** A new client, in the lobby and under a guest's name. It hears the others, who learn about it with `announce`. */
  enter(channel: Channel): Client {
    let nick: string;
    do nick = `guest-${++this.#guests}`;
    while (this.#people.has(nameKey(nick)));
    const member: Member = { nick, room: undefined, channel, announced: false };
    this.#people.set(nameKey(nick), member);
    const { name, members } = this.#move(member, LOBBY);
    this.#tell(member, { type: "welcome", nick, room: name, others: members.size - 1 });
    return member;
  }

  /** Tells the room about a client that has not been announced yet. */
  announce(client: Client): void {
    const member = client as Member;
    if (member.announced || member.room === undefined) return;
    member.announced = true;
    this.#announce(member.room, { type: "joined", nick: member.nick, room: member.room }, member);
  }

  /** Does what a client asks for. */
  handle(client: Client, command: Command): void {
    const member = client as Member;
    const { nick, room } = member;
    if (room === undefined) return;
    // Choosing a name and a room comes before being announced.
    if (command.type !== "nick" && command.type !== "join" && command.type !== "nothing") this.announce(member);
    switch (command.type) {
      case "say":
        this.#publish(room, { type: "said", id: 0, time: Date.now(), room, from: nick, text: command.text }, member);
        break;
      case "act":
        this.#publish(
          room,
          { type: "acted", id: 0, time: Date.now(), room, from: nick, text: command.text },
          undefined,
        );
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
      case "weather":
        this.#tell(member, { type: "problem", code: "command", text: "This server cannot do that" });
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
    const { nick, room } = member;
    if (room === undefined) return;
    this.#moveOut(member);
    this.#people.delete(nameKey(nick));
    if (member.announced) this.#announce(room, { type: "left", nick, room, reason }, member);
  }

  /** Puts a client out: it and the others are told why. With `discard`, what waits for it is given up. */
  drop(client: Client, reason: string, { discard = false }: { discard?: boolean } = {}): void {
    if (client.room === undefined) return;
    this.leave(client, reason);
    (client as Member).channel.close(reason, { discard });
  }

  /** Says goodbye to everybody. */
  close(reason: string): void {
    const everybody = [...this.#people.values()];
    this.#people.clear();
    this.#rooms.clear();
    for (const member of everybody) {
      member.room = undefined;
      member.channel.close(reason, { discard: false });
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
    return room;
  }

  #moveOut(member: Member): void {
    const key = nameKey(member.room!);
    const room = this.#rooms.get(key)!;
    room.members.delete(member);
    if (room.members.size === 0) this.#rooms.delete(key);
    member.room = undefined;
  }

  #join(member: Member, name: string): void {
    const { nick, room: from } = member;
    if (from === undefined) return;
    if (nameKey(from) !== nameKey(name)) {
      this.#moveOut(member);
      const to = this.#move(member, name);
      if (member.announced) {
        this.#announce(from, { type: "left", nick, room: from, reason: `to #${to.name}` }, member);
        this.#announce(to.name, { type: "joined", nick, room: to.name }, member);
      }
    }
    // Telling the others may have dropped this one too.
    const { room } = member;
    if (room === undefined) return;
    this.#tell(member, { type: "entered", room, others: this.#rooms.get(nameKey(room))!.members.size - 1 });
  }

  #rename(member: Member, to: string): void {
    const from = member.nick;
    const holder = this.#people.get(nameKey(to));
    if (holder !== undefined && holder !== member) {
      this.#tell(member, { type: "problem", code: "nick", text: `The name ${to} is taken; you are ${from}` });
      return;
    }
    this.#people.delete(nameKey(from));
    this.#people.set(nameKey(to), member);
    member.nick = to;
    this.#tell(member, { type: "named", nick: to });
    if (member.announced && from !== to && member.room !== undefined) {
      this.#announce(member.room, { type: "renamed", from, to }, member);
    }
  }

  #whisper(member: Member, to: string, text: string): void {
    const receiver = this.#people.get(nameKey(to));
    if (receiver === undefined) {
      this.#tell(member, {
        type: "problem",
        code: "nick",
        text: `Nobody here is called ${to}; /who lists who is here`,
      });
      return;
    }
    const event: ChatEvent = { type: "whispered", from: member.nick, to: receiver.nick, text };
    this.#deliver(receiver === member ? [member] : [receiver, member], event, undefined);
  }

  #who(member: Member, name: string): void {
    const room = this.#rooms.get(nameKey(name));
    const nicks: string[] = [];
    for (const { nick } of room?.members ?? []) {
      if (nicks.push(nick) === MAX_LISTED) break;
    }
    const size = room?.members.size ?? 0;
    this.#tell(member, { type: "people", room: room?.name ?? name, nicks, more: size - nicks.length });
    const rooms: ListedRoom[] = [];
    for (const { name: other, members } of this.#rooms.values()) {
      if (rooms.push({ room: other, size: members.size, last: 0 }) === MAX_LISTED) break;
    }
    this.#tell(member, { type: "rooms", rooms, more: this.#rooms.size - rooms.length });
  }

  #tell(member: Member, event: ChatEvent): void {
    this.#deliver([member], event, undefined);
  }

  /** Everybody in a room hears it, but for one: who said it sees it already. */
  #publish(room: string, event: ChatEvent, except: Member | undefined): void {
    this.#deliver(this.#rooms.get(nameKey(room))?.members ?? [], event, except);
  }

  /** The same for comings and goings, where they are worth telling. */
  #announce(room: string, event: ChatEvent, except: Member): void {
    const size = this.#rooms.get(nameKey(room))?.members.size ?? 0;
    if (size <= MAX_ANNOUNCED) this.#publish(room, event, except);
  }

  /** Each kind of client's bytes are made once, however many receive them. */
  #deliver(receivers: Iterable<Member>, event: ChatEvent, except: Member | undefined): void {
    const encoded = new Map<Encode, Uint8Array>();
    for (const member of receivers) {
      if (member === except) continue;
      const { channel } = member;
      let bytes = encoded.get(channel.encode);
      if (bytes === undefined) {
        bytes = channel.encode(event);
        encoded.set(channel.encode, bytes);
      }
      if (!channel.send(bytes)) this.#slow.push(member);
    }
    if (this.#slow.length > 0) this.#dropSlow();
  }

  /** That one has left is told to the others, and may be too much for the next one: a loop, not a recursion. */
  #dropSlow(): void {
    if (this.#dropping) return;
    this.#dropping = true;
    for (let member = this.#slow.pop(); member !== undefined; member = this.#slow.pop()) {
      this.drop(member, "too slow: more was waiting than the server keeps", { discard: true });
    }
    this.#dropping = false;
  }
}
