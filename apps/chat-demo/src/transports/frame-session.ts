/** What a client that speaks frames says, whichever way the frames come. */
import type { Channel } from "../hub/channel.ts";
import type { Client } from "../hub/member.ts";
import { parseCommand } from "../protocol/commands.ts";
import { type ClientFrame, type HelloFrame, parseClientFrame, type ServerFrame } from "../protocol/frames.ts";
import { checkName } from "../protocol/name.ts";
import type { Watcher } from "../wire/wire-tap.ts";
import { refusal } from "./password-gate.ts";
import type { Services } from "./services.ts";

/** A connection that frames are sent over. */
export interface FrameConnection {
  /** The IP address of the client. */
  readonly address: string;
  readonly channel: Channel;
  /** Sends a frame to this client alone. */
  tell(frame: ServerFrame): void;
  /** Undefined where packets cannot be shown. */
  readonly watcher?: Watcher;
}

/** So many frames in a row that are none end a connection. */
const MAX_PROBLEMS = 100;
/** And so many passwords that are not looked at, or wrong. */
const MAX_PASSWORDS = 3;

type NameCheck = { name: string; problem: string };

export class FrameSession {
  readonly #services: Services;
  readonly #connection: FrameConnection;
  #client: Client | undefined;
  #problems = 0;
  #passwords = 0;

  constructor(services: Services, connection: FrameConnection) {
    this.#services = services;
    this.#connection = connection;
  }

  /** Undefined before its hello was accepted. */
  get client(): Client | undefined {
    return this.#client;
  }

  /** Does what a frame says. */
  receive(text: string): void {
    const result = parseClientFrame(text);
    if ("problem" in result) {
      this.#refuse(result.problem);
      return;
    }
    const { frame } = result;
    if (frame.type === "hello") this.#greet(frame);
    else if (frame.type === "ping") this.#connection.tell({ type: "pong" });
    else if (this.#client === undefined) this.#refuse('The first frame is "hello"');
    else this.#handle(this.#client, frame);
  }

  #greet({ nick, room, password, client, after }: HelloFrame): void {
    if (this.#client !== undefined) {
      this.#refuse('There is one "hello"');
      return;
    }
    if (!this.#isLetIn(password)) return;
    const { hub, limits } = this.#services;
    if (hub.size >= limits.maxClients) {
      const reason = `the chat is full with ${hub.size} people; try again later`;
      this.#connection.channel.close(reason, { discard: false });
      return;
    }
    const named: Partial<NameCheck> = nick === undefined ? {} : checkName(nick);
    const entered: Partial<NameCheck> =
      room === undefined ? {} : checkName(room.startsWith("#") ? room.slice(1) : room);
    this.#client = this.#services.hub.enter(this.#connection.channel, {
      nick: named.name,
      room: entered.name,
      key: client,
      after,
    });
    if (named.problem !== undefined) this.#connection.tell({ type: "problem", code: "nick", text: named.problem });
    if (entered.problem !== undefined)
      this.#connection.tell({ type: "problem", code: "command", text: entered.problem });
    this.#services.hub.announce(this.#client);
  }

  #isLetIn(password: string | undefined): boolean {
    const { gate } = this.#services;
    if (gate === undefined) return true;
    const { channel, address, tell } = this.#connection;
    const verdict = password === undefined ? undefined : gate.check(address, password);
    if (verdict === "right") return true;
    const text = verdict === undefined ? "This chat has a password" : refusal(verdict);
    const wait = typeof verdict === "object" ? { wait: Math.ceil(verdict.wait) } : {};
    tell({ type: "problem", code: "password", text, ...wait });
    if (++this.#passwords === MAX_PASSWORDS) channel.close("that was not the password", { discard: false });
    return false;
  }

  #handle(client: Client, frame: Exclude<ClientFrame, { type: "hello" | "ping" }>): void {
    this.#problems = 0;
    switch (frame.type) {
      case "line":
        this.#say(client, frame.text, frame.key);
        break;
      case "history": {
        const room = checkName(frame.room);
        if ("problem" in room) this.#refuse(room.problem);
        else this.#services.hub.recall(client, room.name, frame.before, frame.limit);
        break;
      }
      case "wire":
        this.#watch(frame.on, frame.filter);
        break;
    }
  }

  #watch(on: boolean, filter: string | undefined): void {
    const { watcher, tell } = this.#connection;
    const { wire } = this.#services;
    const reason =
      wire === undefined ? "This server shows no packets; see --wire" : "Packets are shown over a WebSocket only";
    if (wire === undefined || watcher === undefined) tell({ type: "wire", state: "refused", reason });
    else if (on) void wire.start(watcher, filter);
    else wire.stop(watcher);
  }

  #say(client: Client, line: string, key: string | undefined): void {
    const length = Buffer.byteLength(line);
    const most = this.#services.limits.maxLineLength;
    if (length <= most) {
      this.#services.hub.handle(client, parseCommand(line), key);
      return;
    }
    const text = `A line has up to ${most} bytes; that one has ${length}`;
    this.#connection.tell({ type: "problem", code: "command", text, ...(key !== undefined && { key }) });
  }

  #refuse(text: string): void {
    this.#connection.tell({ type: "problem", code: "frame", text });
    if (++this.#problems < MAX_PROBLEMS) return;
    const reason = "that is no chat client";
    if (this.#client === undefined) this.#connection.channel.close(reason, { discard: true });
    else this.#services.hub.drop(this.#client, reason);
  }
}
