/** The chat of one server: does what its clients ask for. Knows no socket and no format. */
import type { Bus } from "../bus/bus.ts";
import type { History } from "../history/history.ts";
import type { Command } from "../protocol/commands.ts";
import type { ListedRoom } from "../protocol/events.ts";
import { Activity } from "./activity.ts";
import type { Channel, CloseChannel } from "./channel.ts";
import type { Cluster, Whisper } from "./cluster.ts";
import { Delivery } from "./delivery.ts";
import { Directory, MAX_LISTED } from "./directory.ts";
import type { Client, Entrance, Member } from "./member.ts";
import type { Person } from "./neighbours.ts";
import { LOBBY, Presence } from "./presence.ts";
import { Recollection } from "./recollection.ts";
import { type Helpers, Talk } from "./talk.ts";

/** What the hub needs besides. */
export interface HubOptions {
  helpers?: Helpers;
  bus: Bus;
  history: History;
  /** Messages told to who comes back. */
  catchUp: number;
}

export class Hub {
  readonly #directory = new Directory();
  readonly #history: History;
  readonly #recollection: Recollection;
  readonly #activity: Activity<Member>;
  readonly #presence: Presence;
  readonly #talk: Talk;
  readonly delivery: Delivery;

  constructor({ bus, history, catchUp, helpers = {} }: HubOptions) {
    const directory = this.#directory;
    const recollection = new Recollection(history, catchUp);
    const tooSlow = "too slow: more was waiting than the server keeps";
    const delivery = new Delivery(directory, (member) => {
      // Who has slept, say, comes again and is told what it missed.
      this.drop(member, tooSlow, { discard: true, restart: true });
    });
    const activity = new Activity<Member>((member, event) => delivery.tell(member, event));
    this.#history = history;
    this.#recollection = recollection;
    this.#activity = activity;
    this.delivery = delivery;
    this.#presence = new Presence({ directory, delivery, activity, history, recollection });
    this.#talk = new Talk({ bus, directory, delivery, activity, helpers });
  }

  /** How many people there are. */
  get size(): number {
    return this.#directory.size;
  }

  /** How many rooms have people. */
  get rooms(): number {
    return this.#directory.rooms;
  }

  /** What was said here since the start, and what of it could not be kept. */
  get counts(): Readonly<Talk["counts"]> {
    return this.#talk.counts;
  }

  /**
   * A new client, in the lobby and under a guest's name unless it says otherwise. It hears the others, who learn about
   * it with `announce`.
   */
  enter(channel: Channel, entrance: Entrance = {}): Client {
    const { member, replaced } = this.#presence.enter(channel, entrance);
    replaced?.channel.close("you are connected anew", { discard: false });
    return member;
  }

  /** Tells the room about a client that has not been announced yet. */
  announce(client: Client): void {
    this.#presence.announce(client as Member);
  }

  /** Does what a client asks for. A key is the client's name for what it says, in case that it says it again. */
  handle(client: Client, command: Command, key?: string): void {
    const member = client as Member;
    // What it said before is heard before.
    if (command.type !== "say" && command.type !== "act") this.#talk.settle(member);
    const { nick, room } = member;
    if (room === undefined) return;
    // Choosing a name and a room comes before being announced.
    if (command.type !== "nick" && command.type !== "join" && command.type !== "nothing") this.announce(member);
    switch (command.type) {
      case "say":
        this.#talk.say(member, { type: "said", room, from: nick, text: command.text }, key);
        break;
      case "act":
        this.#talk.say(member, { type: "acted", room, from: nick, text: command.text }, key);
        break;
      case "whisper":
        this.#talk.whisper(member, command.to, command.text);
        break;
      case "nick":
        this.#presence.rename(member, command.nick);
        break;
      case "join":
        this.#presence.join(member, command.room);
        break;
      case "leave":
        this.#presence.join(member, LOBBY);
        break;
      case "who":
        this.#who(member, command.room ?? room);
        break;
      case "history":
        for (const event of this.#recollection.last(room, command.count)) this.delivery.tell(member, event);
        break;
      case "weather":
        void this.#talk.weather(member, room, command.place);
        break;
      case "help":
        this.delivery.tell(member, { type: "help" });
        break;
      case "invalid":
        this.delivery.tell(member, { type: "problem", code: "command", text: command.problem });
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
    this.#talk.settle(member);
    this.#presence.leave(member, reason);
  }

  /** Puts a client out: it and the others are told why. */
  drop(client: Client, reason: string, { discard = false, restart = false }: Partial<CloseChannel> = {}): void {
    if (client.room === undefined) return;
    this.leave(client, reason);
    (client as Member).channel.close(reason, { discard, restart });
  }

  /** Tells a client messages of a room, as it asked for. */
  recall(client: Client, room: string, before: number | undefined, limit: number): void {
    this.delivery.tell(client as Member, this.#recollection.page(room, before, limit));
  }

  #who(member: Member, room: string): void {
    this.delivery.tell(member, this.#directory.peopleOf(room));
    const names = this.#directory.roomNames();
    const rooms = names.slice(0, MAX_LISTED).map((name): ListedRoom => {
      return { room: name, size: this.#directory.sizeOf(name), last: this.#history.last(name) };
    });
    this.delivery.tell(member, { type: "rooms", rooms, more: names.length - rooms.length });
  }

  /** This server is one of several. */
  joinCluster(cluster: Cluster): void {
    this.#presence.cluster = this.#talk.cluster = cluster;
  }

  /** Those whom the other servers know of. */
  *people(): Iterable<Person> {
    for (const { id, nick, room, announced } of this.#directory.people) {
      if (announced && room !== undefined) yield { id, nick, room };
    }
  }

  /** Takes over who is on another server now; the reason is that of those who are gone. */
  setNeighbours(server: string, people: readonly Person[], reason: string | undefined): void {
    this.#presence.setNeighbours(server, people, reason);
  }

  /** Somebody on another server whispers to somebody here. */
  hear(whisper: Whisper): void {
    this.#talk.hear(whisper);
  }

  /** Another server's word to a room. */
  hearNotice(room: string, text: string): void {
    this.#talk.hearNotice(room, text);
  }

  /** Says goodbye to everybody. */
  close(reason: string, { restart = false }: { restart?: boolean } = {}): void {
    const everybody = [...this.#directory.people];
    this.#directory.clear();
    this.#activity.close();
    for (const { channel } of everybody) channel.close(reason, { discard: false, restart });
  }
}
