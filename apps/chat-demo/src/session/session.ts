/**
 * A client's side of the chat over connections that come and go, without I/O: whoever owns the connection tells what
 * arrives and sends what comes out. Nothing that was said is lost or doubled when a connection breaks.
 */
import type { ChatEvent, ListedRoom } from "../protocol/events.ts";
import {
  type ClientFrame,
  type Features,
  FRAME_VERSION,
  MAX_AFTER_ROOMS,
  MAX_HISTORY_LIMIT,
  type ServerFrame,
} from "../protocol/frames.ts";
import { checkName, nameKey } from "../protocol/name.ts";
import { formatEvent } from "../protocol/plain-lines.ts";
import { backoff } from "./backoff.ts";
import type { Entry } from "./entry.ts";
import { MAX_OUTGOING, Outbox, type OutgoingMessage } from "./outbox.ts";
import { Room } from "./room.ts";

/** Milliseconds without a word from the server after which it is asked for one. */
const PING_AFTER = 20_000;
/** Milliseconds without a word after which the connection counts as dead. */
const DEAD_AFTER = 45_000;
/** Milliseconds that a server may take to answer the hello. */
const WELCOME_WITHIN = 15_000;
/** A connection that held so many milliseconds was a good one: waiting starts from the shortest again. */
const GOOD_AFTER = 10_000;
/** Milliseconds before a message that the server could not keep is sent again. */
const RETRY_AFTER = 2_000;
/** Milliseconds between tries to have the wanted name back, which the connection before may still hold. */
const RENAME_AFTER = 3_000;
const MAX_RENAMES = 20;
/** Where everybody begins, and where `/leave` leads. */
const LOBBY = "lobby";
/** The longest line until the server has told its own limit, in bytes. */
const DEFAULT_MAX_LINE = 4_096;
const HISTORY_PAGE = Math.min(50, MAX_HISTORY_LIMIT);

/** How the connection is. */
export type Link =
  | { readonly state: "connecting" }
  | { readonly state: "online" }
  /** It will be tried again at `until`, in milliseconds since 1970. */
  | { readonly state: "waiting"; readonly until: number }
  /** It will not be tried again by itself. */
  | { readonly state: "over"; readonly why: "left" | "password" | "goodbye"; readonly text: string };

/** What changed; the rest is read from the session. */
export type Change =
  | { readonly type: "link" | "self" | "people" | "rooms" | "outbox" | "wire" }
  /** The client is in another room now. */
  | { readonly type: "room" }
  | { readonly type: "appended"; readonly room: string; readonly entries: readonly Entry[] }
  | { readonly type: "prepended"; readonly room: string; readonly entries: readonly Entry[] }
  /** Everything that was shown of the room is out of date. */
  | { readonly type: "replaced"; readonly room: string };

export interface SessionOptions {
  readonly nick?: string | undefined;
  readonly room?: string | undefined;
  readonly password?: string | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** A random key of 16 to 64 letters, digits and `-`. */
  readonly makeKey: () => string;
  readonly send: (frame: ClientFrame) => void;
  readonly changed: (change: Change) => void;
}

/** The Wire view as the server has it. */
export interface WireState {
  readonly state: "on" | "off" | "refused";
  readonly reason?: string | undefined;
  readonly dropped?: number | undefined;
}

export class Session {
  readonly #options: SessionOptions;
  readonly #outbox = new Outbox();
  /** By the key of the name. */
  readonly #rooms = new Map<string, Room>();
  readonly #people = new Map<string, string>();
  /** Kept by the server, but not shown in the room yet. */
  readonly #kept = new Map<number, OutgoingMessage>();
  #link: Link = { state: "connecting" };
  #room: Room | undefined;
  #nick: string | undefined;
  /** The name and room to ask for on the next connection. */
  #wantedNick: string | undefined;
  #wantedRoom: string | undefined;
  #password: string | undefined;
  #maxLine = DEFAULT_MAX_LINE;
  #features: Features | undefined;
  #server: string | undefined;
  #morePeople = 0;
  #failures = 0;
  #since = 0;
  #heard = 0;
  #asked = false;
  #leaving = false;
  #retryAt: number | undefined;
  #renameAt: number | undefined;
  #renames = 0;
  /** Answers to `/who` on their way: those the session asked for itself are not shown. */
  #whos: ("session" | "person")[] = [];
  #older: { room: Room; before: number | undefined } | undefined;
  #wire: WireState = { state: "off" };
  #wireWanted: { filter?: string } | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#wantedNick = options.nick;
    this.#wantedRoom = options.room;
    this.#password = options.password;
    this.#roomNamed(LOBBY);
  }

  get link(): Link {
    return this.#link;
  }
  /** The name that the server knows this client by, or the one it will ask for. */
  get nick(): string | undefined {
    return this.#nick ?? this.#wantedNick;
  }
  /** The room this client is in; undefined before the first welcome. */
  get room(): Room | undefined {
    return this.#room;
  }
  /** Rooms that are known, by name. */
  get rooms(): Room[] {
    return [...this.#rooms.values()].sort((a, b) => a.name.localeCompare(b.name));
  }
  /** Who is in the room, by name; `morePeople` are not listed. */
  get people(): string[] {
    return [...this.#people.values()].sort((a, b) => a.localeCompare(b));
  }
  get morePeople(): number {
    return this.#morePeople;
  }
  get features(): Features | undefined {
    return this.#features;
  }
  /** The server's name for itself. */
  get server(): string | undefined {
    return this.#server;
  }
  get wire(): WireState {
    return this.#wire;
  }
  /** What this client said in its room and does not stand there yet. */
  get pending(): OutgoingMessage[] {
    const key = nameKey(this.#room?.name ?? "");
    const waiting = [...this.#kept.values(), ...this.#outbox.messages];
    return waiting.filter((message) => !message.shown && nameKey(message.room) === key);
  }
  /** Messages that the server has not acknowledged, of all rooms. */
  get unacknowledged(): number {
    return this.#outbox.messages.length;
  }
  get loadingOlder(): boolean {
    return this.#older !== undefined;
  }

  // What the connection does.

  /** A connection is open: introduces this client. */
  opened(): void {
    this.#heard = this.#since = this.#options.now();
    this.#asked = false;
    const seen = [...this.#rooms.values()].filter(({ last }) => last > 0).slice(-MAX_AFTER_ROOMS);
    this.#options.send({
      type: "hello",
      version: FRAME_VERSION,
      ...(this.#wantedNick !== undefined && { nick: this.#wantedNick }),
      ...(this.#wantedRoom !== undefined && { room: this.#wantedRoom }),
      ...(this.#password !== undefined && { password: this.#password }),
      ...(seen.length > 0 && { after: Object.fromEntries(seen.map(({ name, last }) => [name, last])) }),
    });
  }

  /** There is no connection any more, or none could be made. */
  closed(): void {
    if (this.#link.state === "over") return;
    if (this.#leaving) {
      this.leave("See you");
      return;
    }
    const now = this.#options.now();
    if (this.#link.state === "online") {
      if (now - this.#since >= GOOD_AFTER) this.#failures = 0;
      this.#forgetConnection();
    }
    this.#setLink({ state: "waiting", until: now + backoff(this.#failures++, this.#options.random()) });
  }

  /** Somebody tries to connect now. */
  connecting(): void {
    this.#since = 0;
    this.#setLink({ state: "connecting" });
  }

  /** Time has passed; `"dead"` when the connection should be given up. Call it about once a second. */
  tick(): "alive" | "dead" {
    const now = this.#options.now();
    if (this.#link.state === "connecting" && this.#since > 0 && now - this.#since >= WELCOME_WITHIN) return "dead";
    if (this.#link.state !== "online") return "alive";
    if (now - this.#heard >= DEAD_AFTER) return "dead";
    if (now - this.#heard >= PING_AFTER && !this.#asked) {
      this.#asked = true;
      this.#options.send({ type: "ping" });
    }
    if (this.#retryAt !== undefined && now >= this.#retryAt) {
      this.#retryAt = undefined;
      this.#outbox.rewind();
      this.#pump();
    }
    if (this.#renameAt !== undefined && now >= this.#renameAt) {
      this.#renameAt = undefined;
      this.#renames++;
      this.#options.send({ type: "line", text: `/nick ${this.#wantedNick}` });
    }
    return "alive";
  }

  // What the person does.

  /** Takes a line that somebody typed: a command, or something to say in the room. */
  input(line: string): void {
    const text = line.trim();
    if (text === "" || this.#link.state === "over") return;
    const bytes = new TextEncoder().encode(text).length;
    if (bytes > this.#maxLine) {
      this.refuse(`Not sent: ${bytes} bytes, and ${this.#maxLine} are the most`);
      return;
    }
    const [, word = "", rest = ""] = /^\/(\S*)\s*(.*)$/s.exec(text) ?? [];
    const command = word.toLowerCase();
    if (!text.startsWith("/") || text.startsWith("//") || (command === "me" && rest !== "")) this.#say(text);
    else if (command === "join" && rest !== "") this.#join(text, rest);
    else if (command === "leave") this.#join(text, LOBBY);
    else if (command === "history") this.loadOlder();
    else if (this.#link.state === "online" || command === "quit") this.#command(command, text);
    else this.refuse(`Not sent, as there is no connection: ${text}`);
  }

  /** Asks for messages before those of the room; they come as `prepended`. */
  loadOlder(): void {
    const room = this.#room;
    if (room === undefined || !room.more || this.#older !== undefined || this.#link.state !== "online") return;
    const before = room.oldest;
    this.#older = { room, before };
    this.#options.send({
      type: "history",
      room: room.name,
      ...(before !== undefined && { before }),
      limit: HISTORY_PAGE,
    });
  }

  /** Asks who is here and which rooms there are; they come as `people` and `rooms`. */
  refresh(): void {
    if (this.#link.state !== "online" || this.#whos.length > 0) return;
    this.#whos.push("session");
    this.#options.send({ type: "line", text: "/who" });
  }

  /** Turns the Wire view on or off, also for connections to come. */
  watchWire(on: boolean): void {
    this.#wireWanted = on ? {} : undefined;
    if (this.#link.state === "online") this.#options.send({ type: "wire", on });
  }

  /** Ends the session; no connection is tried any more. */
  leave(text: string): void {
    this.#setLink({ state: "over", why: "left", text });
  }

  // What the server says.

  /** Takes a frame from the server. */
  received(frame: ServerFrame): void {
    this.#heard = this.#options.now();
    this.#asked = false;
    switch (frame.type) {
      case "welcome":
        this.#welcome(frame);
        break;
      case "said":
      case "acted":
        this.#said(frame);
        break;
      case "ack":
        this.#acknowledged(frame.key, frame.id);
        break;
      case "history":
        this.#history(frame);
        break;
      case "activity": {
        const room = this.#roomNamed(frame.room);
        if (room !== this.#room && frame.id > room.last && !room.unread) {
          room.unread = true;
          this.#options.changed({ type: "rooms" });
        }
        return;
      }
      case "entered":
        this.#outbox.joined();
        this.#enter(frame.room);
        this.#notice(frame);
        this.#pump();
        break;
      case "named":
        this.#nick = this.#wantedNick = frame.nick;
        this.#renameAt = undefined;
        this.#notice(frame);
        this.#options.changed({ type: "self" });
        this.refresh();
        break;
      case "joined":
        if (this.#isHere(frame.room)) this.#people.set(nameKey(frame.nick), frame.nick);
        this.#presence(frame);
        break;
      case "left":
        if (this.#isHere(frame.room)) this.#people.delete(nameKey(frame.nick));
        this.#presence({ ...frame, reason: frame.reason });
        break;
      case "renamed":
        this.#people.delete(nameKey(frame.from));
        this.#people.set(nameKey(frame.to), frame.to);
        this.#presence(frame);
        break;
      case "people":
        if (this.#isHere(frame.room)) {
          this.#people.clear();
          for (const nick of frame.nicks) this.#people.set(nameKey(nick), nick);
          this.#morePeople = frame.more;
          this.#options.changed({ type: "people" });
        }
        if (this.#whos[0] !== "session") this.#notice(frame);
        return;
      case "rooms":
        this.#listed(frame.rooms);
        if (this.#whos.shift() !== "session") this.#notice(frame);
        return;
      case "whispered":
        this.#show({
          kind: "whisper",
          time: this.#options.now(),
          from: frame.from,
          to: frame.to,
          text: frame.text,
        });
        break;
      case "notice":
        this.#notice(frame);
        break;
      case "help":
        this.#show({ kind: "help", time: this.#options.now(), lines: frame.lines });
        break;
      case "problem":
        this.#problem(frame);
        break;
      case "goodbye":
        // A server that starts again, or went away without saying that it will not, is tried again.
        if (this.#leaving || frame.restart !== true) {
          this.#setLink({ state: "over", why: "goodbye", text: `Goodbye: ${frame.reason}` });
        } else {
          this.#notice(frame);
        }
        return;
      case "wire":
        this.#wire = { state: frame.state, reason: frame.reason, dropped: frame.dropped };
        this.#options.changed({ type: "wire" });
        break;
      case "pong":
        return;
    }
  }

  #welcome(frame: Extract<ServerFrame, { type: "welcome" }>): void {
    this.#maxLine = frame.maxLine;
    this.#features = frame.features;
    this.#server = frame.server;
    this.#nick = frame.nick;
    this.#renames = 0;
    // The name may still be held by the connection that broke; a first one that is taken is the person's to change.
    if (this.#wantedNick === undefined || this.#room === undefined) this.#wantedNick = frame.nick;
    else if (nameKey(frame.nick) !== nameKey(this.#wantedNick)) this.#renameLater();
    this.#setLink({ state: "online" });
    this.#options.changed({ type: "self" });
    this.#enter(frame.room);
    this.#outbox.rewind();
    this.#pump();
    if (this.#wireWanted !== undefined) this.#options.send({ type: "wire", on: true, ...this.#wireWanted });
  }

  #enter(name: string): void {
    const room = this.#roomNamed(name);
    const moved = room !== this.#room;
    this.#room = room;
    // The rooms that were left last are last; of those before, the server need not know how far this client has read.
    this.#rooms.delete(nameKey(name));
    this.#rooms.set(nameKey(name), room);
    const visited = [...this.#rooms.values()].filter(({ last }) => last > 0);
    for (const forgotten of visited.slice(0, -MAX_AFTER_ROOMS)) forgotten.clear();
    this.#wantedRoom = room.name;
    room.unread = false;
    if (moved) {
      this.#people.clear();
      this.#morePeople = 0;
      this.#kept.clear();
      this.#options.changed({ type: "room" });
    }
    this.#whos = this.#whos.filter((who) => who === "person");
    this.#whos.push("session");
    this.#options.send({ type: "line", text: "/who" });
  }

  #said(frame: Extract<ServerFrame, { type: "said" | "acted" }>): void {
    const { key, ...message } = frame;
    const own = key === undefined ? undefined : this.#outbox.find(key);
    if (own !== undefined) own.shown = true;
    const entry = this.#roomNamed(message.room).say(message);
    if (message.id > 0) this.#kept.delete(message.id);
    if (entry !== undefined) this.#options.changed({ type: "appended", room: message.room, entries: [entry] });
    if (own !== undefined) this.#options.changed({ type: "outbox" });
  }

  #acknowledged(key: string, id: number): void {
    const message = this.#outbox.acknowledge(key);
    if (message === undefined) return;
    const room = this.#roomNamed(message.room);
    if (!message.shown && id > room.last && room === this.#room) this.#kept.set(id, message);
    this.#options.changed({ type: "outbox" });
    this.#pump();
  }

  #history({ room: name, messages, more, gap }: Extract<ServerFrame, { type: "history" }>): void {
    const room = this.#roomNamed(name);
    for (const { id } of messages) this.#kept.delete(id);
    const asked = this.#older;
    const oldest = asked?.before ?? Number.POSITIVE_INFINITY;
    if (asked?.room === room && gap === undefined && (messages.at(-1)?.id ?? 0) < oldest) {
      this.#older = undefined;
      const entries = room.prepend(messages, more);
      this.#options.changed({ type: "prepended", room: room.name, entries });
      return;
    }
    const arrival = room.arrive(messages, more, gap === true);
    if (arrival.type === "replaced") this.#options.changed({ type: "replaced", room: room.name });
    else this.#options.changed({ type: "appended", room: room.name, entries: arrival.entries });
    this.#options.changed({ type: "outbox" });
  }

  #listed(rooms: readonly ListedRoom[]): void {
    const listed = new Set(rooms.map(({ room }) => nameKey(room)));
    for (const [key, room] of this.#rooms) {
      room.size = undefined;
      // A room without people is none, unless there is something here to read in it.
      if (!listed.has(key) && key !== LOBBY && room !== this.#room && room.entries.length === 0)
        this.#rooms.delete(key);
    }
    for (const { room: name, size, last } of rooms) {
      const room = this.#roomNamed(name);
      room.size = size;
      // Only in a room where this client has been before is there something that it has not read.
      if (room !== this.#room && room.last > 0 && last > room.last) room.unread = true;
    }
    this.#options.changed({ type: "rooms" });
  }

  #problem({ code, text, key }: Extract<ServerFrame, { type: "problem" }>): void {
    if (code === "password" && this.#link.state !== "online") {
      this.#setLink({ state: "over", why: "password", text });
      return;
    }
    if (code === "unavailable" && key !== undefined) {
      // It stays in the outbox; one word about it is enough.
      if (this.#retryAt === undefined) this.refuse(`${text.replace(/;.*$/, "")}; it is sent again`);
      this.#retryAt = this.#options.now() + RETRY_AFTER;
      return;
    }
    // The connection before holds the name until the server finds out that it broke.
    if (code === "nick" && this.#renames > 0 && this.#nick !== this.#wantedNick) {
      this.#renameLater();
      return;
    }
    if (key !== undefined) this.#outbox.acknowledge(key);
    else if (code === "command") this.#outbox.joined();
    this.refuse(text);
    this.#options.changed({ type: "outbox" });
    this.#pump();
  }

  // What follows.

  #say(text: string): void {
    if (this.#outbox.full) {
      this.refuse(`Not sent: ${MAX_OUTGOING} messages wait for the server already`);
      return;
    }
    const room = this.#outbox.destination ?? this.#room?.name ?? this.#wantedRoom ?? LOBBY;
    const { makeKey, now } = this.#options;
    this.#outbox.add({ kind: "message", key: makeKey(), room, text, time: now(), shown: false, sent: false });
    this.#options.changed({ type: "outbox" });
    this.#pump();
  }

  /** What matters now or not at all: it is not kept for another connection. */
  #command(command: string, text: string): void {
    if (command === "who") this.#whos.push("person");
    if (command === "nick") this.#renameAt = undefined;
    if (command === "quit") this.#leaving = true;
    if (this.#link.state === "online") this.#options.send({ type: "line", text });
    else this.leave("See you");
  }

  #join(text: string, rest: string): void {
    const name = checkName(rest.startsWith("#") ? rest.slice(1) : rest);
    if ("problem" in name) {
      this.refuse(name.problem);
      return;
    }
    if (this.#outbox.full) {
      this.refuse(`Not sent: ${MAX_OUTGOING} messages wait for the server already`);
      return;
    }
    this.#outbox.add({ kind: "join", text, room: name.name, sent: false });
    this.#pump();
  }

  /** Sends what may be sent. */
  #pump(): void {
    if (this.#link.state !== "online") return;
    for (const item of this.#outbox.take()) {
      const key = item.kind === "message" ? { key: item.key } : {};
      this.#options.send({ type: "line", text: item.text, ...key });
    }
  }

  #renameLater(): void {
    if (this.#renames < MAX_RENAMES) this.#renameAt = this.#options.now() + RENAME_AFTER;
  }

  #presence(event: ChatEvent): void {
    this.#notice(event);
    this.#options.changed({ type: "people" });
  }

  #notice(event: ChatEvent): void {
    // The words are those that plain clients get, without the mark in front.
    for (const line of formatEvent(event)) {
      this.#show({ kind: "notice", time: this.#options.now(), text: line.replace(/^-- /, "") });
    }
  }

  /** Shows what this client itself refuses. */
  refuse(text: string): void {
    this.#show({ kind: "problem", time: this.#options.now(), text });
  }

  #show(entry: Entry): void {
    const room = this.#room ?? this.#roomNamed(this.#wantedRoom ?? LOBBY);
    room.add(entry);
    this.#options.changed({ type: "appended", room: room.name, entries: [entry] });
  }

  #isHere(name: string): boolean {
    return this.#room !== undefined && nameKey(name) === nameKey(this.#room.name);
  }

  #roomNamed(name: string): Room {
    const key = nameKey(name);
    let room = this.#rooms.get(key);
    if (room === undefined) {
      room = new Room(name);
      this.#rooms.set(key, room);
    }
    return room;
  }

  #forgetConnection(): void {
    this.#whos = [];
    this.#older = undefined;
    this.#retryAt = undefined;
    this.#renameAt = undefined;
    this.#wire = { state: "off" };
    this.#outbox.rewind();
  }

  #setLink(link: Link): void {
    this.#link = link;
    this.#options.changed({ type: "link" });
  }
}
