/**
 * A client's side of the chat over connections that come and go, without I/O: whoever owns the connection tells what
 * arrives and sends what comes out. Nothing that was said is lost or doubled when a connection breaks.
 */
import { type ClientFrame, FRAME_VERSION, MAX_HISTORY_LIMIT, type ServerFrame } from "../protocol/frames.ts";
import { Attempts } from "./attempts.ts";
import type { Change } from "./change.ts";
import { Conversation } from "./conversation.ts";
import { Heartbeat } from "./heartbeat.ts";
import type { Link } from "./link.ts";
import type { Outgoing, OutgoingMessage } from "./outbox.ts";
import { OwnName } from "./own-name.ts";
import type { Room } from "./room.ts";
import { LOBBY } from "./rooms.ts";
import { Speech } from "./speech.ts";
import { readTyped } from "./typed.ts";
import { Who } from "./who.ts";
import { type WireState, WireWatch } from "./wire-watch.ts";

/** The longest line until the server has told its own limit, in bytes. */
const DEFAULT_MAX_LINE = 4_096;
const HISTORY_PAGE = Math.min(50, MAX_HISTORY_LIMIT);

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

type Frame<T extends ServerFrame["type"]> = Extract<ServerFrame, { type: T }>;

export class Session {
  readonly #options: SessionOptions;
  readonly #conversation: Conversation;
  readonly #speech: Speech;
  readonly #name: OwnName;
  readonly #who: Who;
  readonly #wire: WireWatch;
  readonly #attempts = new Attempts();
  readonly #heartbeat = new Heartbeat();
  #link: Link = { state: "connecting" };
  #maxLine = DEFAULT_MAX_LINE;
  #leaving = false;
  /** The same on every connection. */
  readonly #client: string;

  constructor(options: SessionOptions) {
    const { nick, room, now, makeKey, send, changed } = options;
    this.#options = options;
    this.#conversation = new Conversation({ room, now, changed });
    this.#speech = new Speech({ send, changed: () => changed({ type: "outbox" }) });
    this.#name = new OwnName(nick);
    this.#who = new Who(send);
    this.#wire = new WireWatch(send);
    this.#client = makeKey();
  }

  get link(): Link {
    return this.#link;
  }
  /** The name that the server knows this client by, or the one it will ask for. */
  get nick(): string | undefined {
    return this.#name.current;
  }
  /** The room this client is in; undefined before the first welcome. */
  get room(): Room | undefined {
    return this.#conversation.room;
  }
  /** Rooms that are known, by name. */
  get rooms(): Room[] {
    return this.#conversation.rooms.all;
  }
  /** Who is in the room, by name; `morePeople` are not listed. */
  get people(): string[] {
    return this.#conversation.people.nicks;
  }
  get morePeople(): number {
    return this.#conversation.people.more;
  }
  get wire(): WireState {
    return this.#wire.state;
  }
  /** What this client said in its room and does not stand there yet. */
  get pending(): OutgoingMessage[] {
    return this.#speech.pending(this.room?.name ?? "");
  }
  /** Messages of all rooms that the server is not known to have. */
  get unacknowledged(): OutgoingMessage[] {
    return this.#speech.unacknowledged;
  }
  get loadingOlder(): boolean {
    return this.#conversation.loadingOlder;
  }

  // What the connection does.

  /** A connection is open: introduces this client. */
  opened(): void {
    const { now, send, password } = this.#options;
    this.#attempts.opened(now());
    this.#heartbeat.heard(now());
    const nick = this.#name.wanted;
    const room = this.room?.name ?? this.#options.room;
    const { after } = this.#conversation.rooms;
    send({
      type: "hello",
      version: FRAME_VERSION,
      client: this.#client,
      ...(nick !== undefined && { nick }),
      ...(room !== undefined && { room }),
      ...(password !== undefined && { password }),
      ...(Object.keys(after).length > 0 && { after }),
    });
  }

  /** There is no connection any more, or none could be made. */
  closed(): void {
    if (this.#link.state === "over" || this.#link.state === "waiting") return;
    if (this.#leaving) {
      this.leave("See you");
      return;
    }
    const { now, random } = this.#options;
    const welcomed = this.#link.state === "online";
    if (welcomed) this.#forgetConnection();
    this.#setLink({ state: "waiting", until: this.#attempts.failed(now(), random(), { welcomed }) });
  }

  #forgetConnection(): void {
    this.#who.disconnected();
    this.#wire.disconnected();
    this.#conversation.disconnected();
    this.#name.forgo();
    this.#speech.disconnected();
  }

  /** Somebody tries to connect now. */
  connecting(): void {
    this.#attempts.connecting();
    this.#setLink({ state: "connecting" });
  }

  /** There is a reason to doubt the connection, such as that the machine has slept: the server is asked for a word. */
  doubt(): void {
    if (this.#link.state !== "online") return;
    if (this.#heartbeat.doubt(this.#options.now()) === "ask") this.#options.send({ type: "ping" });
  }

  /** Time has passed; `"dead"` when the connection should be given up. Call it about once a second. */
  tick(): "alive" | "dead" {
    const now = this.#options.now();
    if (this.#link.state === "connecting" && this.#attempts.isOverdue(now)) return "dead";
    if (this.#link.state !== "online") return "alive";
    const beat = this.#heartbeat.check(now);
    if (beat === "dead") return "dead";
    if (beat === "ask") this.#options.send({ type: "ping" });
    this.#speech.tick(now);
    if (this.#name.isDue(now)) this.#options.send({ type: "line", text: `/nick ${this.#name.wanted}` });
    return "alive";
  }

  #setLink(link: Link): void {
    this.#link = link;
    this.#options.changed({ type: "link" });
  }

  // What the person does.

  /** Takes a line that somebody typed: a command, or something to say in the room. */
  input(line: string): void {
    const { link } = this;
    // After a goodbye the person may come again, with what was said meanwhile.
    if (link.state === "over" && link.why !== "goodbye") {
      this.refuse(`Not sent, as you have left: ${line.trim()}`);
      return;
    }
    const typed = readTyped(line, this.#maxLine);
    switch (typed.type) {
      case "say": {
        const room = this.#speech.destination ?? this.room?.name ?? this.#options.room ?? LOBBY;
        const { makeKey, now } = this.#options;
        const { text } = typed;
        this.#add({ kind: "message", key: makeKey(), room, text, time: now(), shown: false, sent: false });
        break;
      }
      case "join":
        this.#add({ kind: "join", text: typed.text, room: typed.room, sent: false });
        break;
      case "history":
        this.loadOlder();
        break;
      case "command":
        this.#command(typed.name, typed.text);
        break;
      case "refused":
        this.refuse(typed.problem);
        break;
      case "nothing":
        break;
    }
  }

  #add(item: Outgoing): void {
    const problem = this.#speech.add(item);
    if (problem !== undefined) this.refuse(problem);
  }

  /** What matters now or not at all: it is not kept for another connection. */
  #command(name: string, text: string): void {
    if (this.#link.state !== "online" && name !== "quit") {
      this.refuse(`Not sent, as there is no connection: ${text}`);
      return;
    }
    if (name === "who") this.#who.personAsked();
    if (name === "nick") this.#name.forgo();
    if (name === "quit") this.#leaving = true;
    if (this.#link.state === "online") this.#options.send({ type: "line", text });
    else this.leave("See you");
  }

  /** Asks for messages before those of the room; they come as `prepended`. */
  loadOlder(): void {
    const request = this.#link.state === "online" ? this.#conversation.askForOlder() : undefined;
    if (request === undefined) return;
    const { room, before } = request;
    this.#options.send({
      type: "history",
      room: room.name,
      ...(before !== undefined && { before }),
      limit: HISTORY_PAGE,
    });
  }

  /** Asks who is here and which rooms there are; they come as `people` and `rooms`. */
  refresh(): void {
    if (this.#link.state === "online") this.#who.refresh();
  }

  /** Turns the Wire view on or off, also for connections to come. */
  watchWire(on: boolean): void {
    this.#wire.want(on, { connected: this.#link.state === "online" });
  }

  /** Shows what this client itself refuses. */
  refuse(text: string): void {
    this.#conversation.problem(text);
  }

  /** Ends the session; no connection is tried any more. */
  leave(text: string): void {
    this.#setLink({ state: "over", why: "left", text });
  }

  // What the server says.

  /** Takes a frame from the server. */
  received(frame: ServerFrame): void {
    this.#heartbeat.heard(this.#options.now());
    switch (frame.type) {
      case "welcome":
        this.#welcome(frame);
        break;
      case "said":
      case "acted": {
        const { key, ...message } = frame;
        this.#speech.returned(message.id, key);
        this.#conversation.said(message);
        break;
      }
      case "ack":
        this.#speech.acknowledged(frame.key, frame.id, (room) => this.#isMissing(room, frame.id));
        break;
      case "history":
        for (const { id } of frame.messages) this.#speech.returned(id, undefined);
        this.#conversation.history(frame);
        this.#options.changed({ type: "outbox" });
        break;
      case "entered":
        this.#enter(frame.room);
        this.#conversation.notice(frame);
        this.#speech.joined();
        break;
      case "named":
        this.#name.named(frame.nick);
        this.#conversation.notice(frame);
        this.#options.changed({ type: "self" });
        this.refresh();
        break;
      case "people":
        this.#conversation.listPeople(frame, this.#who.isPersons);
        break;
      case "rooms":
        this.#conversation.listRooms(frame, this.#who.answered());
        break;
      case "problem":
        this.#problem(frame);
        break;
      case "goodbye":
        this.#goodbye(frame);
        break;
      case "wire":
        this.#wire.told(frame);
        this.#options.changed({ type: "wire" });
        break;
      case "pong":
        break;
      default:
        this.#conversation.take(frame);
    }
  }

  #welcome({ nick, room, maxLine }: Frame<"welcome">): void {
    this.#maxLine = maxLine;
    this.#name.welcomed(nick, { isFirst: this.room === undefined, now: this.#options.now() });
    this.#setLink({ state: "online" });
    this.#options.changed({ type: "self" });
    this.#enter(room);
    this.#speech.connected();
    this.#wire.connected();
  }

  #enter(name: string): void {
    if (this.#conversation.enter(name)) this.#speech.moved();
    this.#who.entered();
  }

  /** Whether a message that the server has does not stand in the room that is shown. */
  #isMissing(room: string, id: number): boolean {
    const { rooms } = this.#conversation;
    return rooms.named(room) === this.room && id > this.room.last;
  }

  #problem({ code, text, key, wait }: Frame<"problem">): void {
    const now = this.#options.now();
    if (code === "password" && this.#link.state !== "online") {
      // With a time to wait it was not looked at, and may be right.
      if (wait === undefined) this.#setLink({ state: "over", why: "password", text });
      else this.#setLink({ state: "waiting", until: now + wait, reason: withoutAdvice(text) });
      return;
    }
    if (code === "unavailable" && key !== undefined) {
      // It stays in the outbox; one word about it is enough.
      if (this.#speech.unavailable(now)) this.refuse(`${withoutAdvice(text)}; it is sent again`);
      return;
    }
    // The connection before holds the name until the server finds out that it broke.
    if (code === "nick" && this.#name.refused(now)) return;
    this.refuse(text);
    if (key !== undefined) this.#speech.refused(key);
    else if (code === "command") this.#speech.joined();
  }

  /** A server that will be back is tried again. */
  #goodbye(frame: Frame<"goodbye">): void {
    if (!this.#leaving && frame.restart === true) {
      this.#conversation.notice(frame);
      return;
    }
    this.#forgetConnection();
    this.#setLink({ state: "over", why: this.#leaving ? "left" : "goodbye", text: `Goodbye: ${frame.reason}` });
  }
}

/** What a person is told to do about it, behind a semicolon, is done by the client. */
const withoutAdvice = (text: string): string => text.replace(/;.*$/, "");
