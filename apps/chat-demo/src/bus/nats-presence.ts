/** Who is where in a cluster: each server tells the others who is on it, whenever that changes and every two seconds. */
import type { NatsConnection } from "@nats-io/transport-node";
import type { Whisper } from "../hub/cluster.ts";
import type { Person } from "../hub/neighbours.ts";
import { checkName } from "../protocol/name.ts";
import { printable } from "../protocol/text.ts";

const STATE = "sockeye.chat.people";
const WHISPER = "sockeye.chat.whisper";
const NOTICE = "sockeye.chat.notice";
const INTERVAL = 2_000;
/** A server that has said nothing for so many milliseconds is gone. */
const LOST_AFTER = 7_000;
/** Changes of so many milliseconds are told together. */
const GATHER = 20;
/** So many people of a server are told by name, which is what fits a message of NATS. */
const MAX_TOLD = 5_000;

/** What the hub has to do with it. */
export interface PresenceHub {
  people(): Iterable<Person>;
  setNeighbours(server: string, people: readonly Person[], reason: string | undefined): void;
  hear(whisper: Whisper): void;
  hearNotice(room: string, text: string): void;
}

export class NatsPresence {
  readonly #connection: NatsConnection;
  readonly #server: string;
  readonly #hub: PresenceHub;
  /** When each server has spoken last. */
  readonly #heard = new Map<string, number>();
  readonly #interval: NodeJS.Timeout;
  #gathering: NodeJS.Timeout | undefined;

  constructor(connection: NatsConnection, server: string, hub: PresenceHub) {
    this.#connection = connection;
    this.#server = server;
    this.#hub = hub;
    this.#subscribe(STATE, (data) => this.#receive(data));
    this.#subscribe(`${WHISPER}.${server}`, (data) => this.#hear(data));
    this.#subscribe(NOTICE, (data) => this.#notice(data));
    this.#interval = setInterval(() => this.#beat(), INTERVAL).unref();
    // Whoever is there answers a server that is new to it.
    this.#tell();
  }

  /** Somebody came, went or is called otherwise. */
  changed(): void {
    this.#gathering ??= setTimeout(() => this.#tell(), GATHER);
  }

  whisper(server: string, whisper: Whisper): void {
    this.#publish(`${WHISPER}.${server}`, whisper);
  }

  notice(room: string, text: string): void {
    this.#publish(NOTICE, { server: this.#server, room, text });
  }

  /** Tells the others that nobody is here any more. */
  close(): void {
    clearInterval(this.#interval);
    clearTimeout(this.#gathering);
    this.#publish(STATE, { server: this.#server, people: [], closing: true });
  }

  #subscribe(subject: string, receive: (data: Uint8Array) => void): void {
    this.#connection.subscribe(subject, {
      callback: (error, { data }) => {
        if (error === null) receive(data);
      },
    });
  }

  #tell(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    const people: [number, string, string][] = [];
    for (const { id, nick, room } of this.#hub.people()) {
      if (people.push([id, nick, room]) === MAX_TOLD) break;
    }
    this.#publish(STATE, { server: this.#server, people });
  }

  #publish(subject: string, value: unknown): void {
    if (!this.#connection.isClosed()) this.#connection.publish(subject, JSON.stringify(value));
  }

  #beat(): void {
    this.#tell();
    const now = performance.now();
    for (const [server, heard] of this.#heard) {
      if (now - heard < LOST_AFTER) continue;
      this.#heard.delete(server);
      this.#hub.setNeighbours(server, [], "the server is away");
    }
  }

  #receive(data: Uint8Array): void {
    const { server, people, closing } = fieldsOf(data);
    if (typeof server !== "string" || server === this.#server || !Array.isArray(people)) return;
    const known: Person[] = [];
    for (const entry of people.slice(0, MAX_TOLD)) {
      const [id, nick, room] = Array.isArray(entry) ? entry : [];
      if (Number.isSafeInteger(id) && isName(nick) && isName(room)) known.push({ id, nick, room });
    }
    if (closing === true) this.#heard.delete(server);
    else {
      if (!this.#heard.has(server)) this.changed();
      this.#heard.set(server, performance.now());
    }
    this.#hub.setNeighbours(server, known, closing === true ? "the server is closing" : undefined);
  }

  #notice(data: Uint8Array): void {
    const { server, room, text } = fieldsOf(data);
    if (server !== this.#server && isName(room) && typeof text === "string")
      this.#hub.hearNotice(room, printable(text));
  }

  #hear(data: Uint8Array): void {
    const { from, to, text } = fieldsOf(data);
    if (isName(from) && isName(to) && typeof text === "string") this.#hub.hear({ from, to, text: printable(text) });
  }
}

function fieldsOf(data: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.length).toString()));
  } catch {
    return {};
  }
}

function isName(value: unknown): value is string {
  if (typeof value !== "string") return false;
  const checked = checkName(value);
  return "name" in checked && checked.name === value;
}
