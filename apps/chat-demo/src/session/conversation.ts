/** What a client knows of the chat and shows: where it is, who is there, and what was said. Without I/O. */
import type { ChatEvent, Message } from "../protocol/events.ts";
import type { ServerFrame } from "../protocol/frames.ts";
import { nameKey } from "../protocol/name.ts";
import { formatEvent } from "../protocol/plain-lines.ts";
import type { Change } from "./change.ts";
import type { Entry } from "./entry.ts";
import { People } from "./people.ts";
import type { Room } from "./room.ts";
import { LOBBY, Rooms } from "./rooms.ts";

type Frame<T extends ServerFrame["type"]> = Extract<ServerFrame, { type: T }>;

/** Asks for messages of a room before an id, or for the last ones. */
interface OlderRequest {
  readonly room: Room;
  readonly before: number | undefined;
}

export interface ConversationOptions {
  /** The room to go to first. Default: the lobby. */
  readonly room: string | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly changed: (change: Change) => void;
}

export class Conversation {
  readonly rooms: Rooms = new Rooms();
  readonly people: People = new People();
  readonly #now: () => number;
  readonly #changed: (change: Change) => void;
  readonly #first: string;
  #room: Room | undefined;
  #older: OlderRequest | undefined;

  constructor({ room = LOBBY, now, changed }: ConversationOptions) {
    this.#first = room;
    this.#now = now;
    this.#changed = changed;
  }

  /** The room this client is in; undefined before the first welcome. */
  get room(): Room | undefined {
    return this.#room;
  }

  /** Whether older messages were asked for and are on their way. */
  get loadingOlder(): boolean {
    return this.#older !== undefined;
  }

  /** What to ask for to have older messages; undefined when there are none, or some are on their way. */
  askForOlder(): OlderRequest | undefined {
    if (this.#room === undefined || !this.#room.more || this.loadingOlder) return undefined;
    this.#older = { room: this.#room, before: this.#room.oldest };
    return this.#older;
  }

  /** No answer comes any more. */
  disconnected(): void {
    this.#older = undefined;
  }

  /** The client is in a room now. Returns whether that is another one than before. */
  enter(name: string): boolean {
    const before = this.#room;
    this.#room = this.rooms.visit(name);
    if (this.#room === before) return false;
    this.people.set([], 0);
    this.#changed({ type: "room" });
    return true;
  }

  /** Something was said in a room. */
  said(message: Message): void {
    const entry = this.rooms.named(message.room).say(message);
    if (entry !== undefined) this.#changed({ type: "appended", room: message.room, entries: [entry] });
  }

  /** Messages of a room came: older ones that were asked for, or those since the client was there. */
  history({ room: name, messages, more, gap }: Frame<"history">): void {
    const room = this.rooms.named(name);
    const oldest = this.#older?.before ?? Number.POSITIVE_INFINITY;
    if (this.#older?.room === room && gap === undefined && (messages.at(-1)?.id ?? 0) < oldest) {
      this.#older = undefined;
      this.#changed({ type: "prepended", room: room.name, entries: room.prepend(messages, more) });
      return;
    }
    const arrival = room.arrive(messages, more, gap === true);
    if (arrival.type === "replaced") this.#changed({ type: "replaced", room: room.name });
    else this.#changed({ type: "appended", room: room.name, entries: arrival.entries });
  }

  /** Something happened that only is to be shown. */
  take(frame: Frame<"activity" | "joined" | "left" | "renamed" | "whispered" | "notice" | "help">): void {
    switch (frame.type) {
      case "activity":
        this.#activity(frame);
        break;
      case "joined":
      case "left":
      case "renamed":
        this.#presence(frame);
        break;
      case "whispered": {
        const { from, to, text } = frame;
        this.#show({ kind: "whisper", time: this.#now(), from, to, text });
        break;
      }
      case "help":
        this.#show({ kind: "help", time: this.#now(), lines: frame.lines });
        break;
      case "notice":
        this.notice(frame);
        break;
    }
  }

  /** There is something new in a room where the client was before. */
  #activity({ room: name, id }: Frame<"activity">): void {
    const room = this.rooms.named(name);
    if (room === this.#room || id <= room.last || room.unread) return;
    room.unread = true;
    this.#changed({ type: "rooms" });
  }

  /** Somebody came, went or has another name. */
  #presence(frame: Frame<"joined" | "left" | "renamed">): void {
    if (frame.type === "renamed") {
      this.people.remove(frame.from);
      this.people.add(frame.to);
    } else if (this.#isHere(frame.room)) {
      if (frame.type === "joined") this.people.add(frame.nick);
      else this.people.remove(frame.nick);
    }
    this.notice(frame.type === "left" ? { ...frame, reason: frame.reason } : frame);
    this.#changed({ type: "people" });
  }

  /** The server lists who is in a room; shown when the person asked. */
  listPeople(frame: Frame<"people">, asked: boolean): void {
    if (this.#isHere(frame.room)) {
      this.people.set(frame.nicks, frame.more);
      this.#changed({ type: "people" });
    }
    if (asked) this.notice(frame);
  }

  /** The server lists the rooms; shown when the person asked. */
  listRooms(frame: Frame<"rooms">, asked: boolean): void {
    this.rooms.list(frame.rooms, this.#room);
    this.#changed({ type: "rooms" });
    if (asked) this.notice(frame);
  }

  /** Shows an event in the words that plain clients get, without the mark in front. */
  notice(event: ChatEvent): void {
    for (const line of formatEvent(event)) {
      this.#show({ kind: "notice", time: this.#now(), text: line.replace(/^-- /, "") });
    }
  }

  /** Shows what was refused. */
  problem(text: string): void {
    this.#show({ kind: "problem", time: this.#now(), text });
  }

  #show(entry: Entry): void {
    const room = this.#room ?? this.rooms.named(this.#first);
    room.add(entry);
    this.#changed({ type: "appended", room: room.name, entries: [entry] });
  }

  #isHere(name: string): boolean {
    return this.#room !== undefined && nameKey(name) === nameKey(this.#room.name);
  }
}
