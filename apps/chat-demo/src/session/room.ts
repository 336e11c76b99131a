/** A room as this client knows it. */
import type { Message } from "../protocol/events.ts";
import type { Entry } from "./entry.ts";

/** So many entries are kept of a room; older ones are asked for again when somebody scrolls there. */
const MAX_ENTRIES = 2_000;

/** What `Room.arrive` did with messages. */
export type Arrival =
  | { readonly type: "appended"; readonly entries: readonly Entry[] }
  /** There is a hole before them, so what was there is forgotten. */
  | { readonly type: "replaced" };

const entryOf = (message: Message): Entry => ({ kind: "message", time: message.time, message });

/** Messages in the order of their ids, each once, and what happened between them. */
export class Room {
  readonly name: string;
  /** The id of the last message that arrived. */
  last = 0;
  /** Whether the server has messages before `entries`; unknown counts as yes. */
  more = true;
  /** There is something new since the client left. */
  unread = false;
  /** How many people are in it, when the server last told. */
  size: number | undefined;
  #entries: Entry[] = [];

  constructor(name: string) {
    this.name = name;
  }

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** The id of the oldest message, for asking for those before it. */
  get oldest(): number | undefined {
    for (const entry of this.#entries) if (entry.kind === "message" && entry.message.id > 0) return entry.message.id;
    return undefined;
  }

  /** Adds something that happened now. */
  add(entry: Entry): void {
    this.#entries.push(entry);
    this.#trim();
  }

  /** Adds a message unless it is known. */
  say(message: Message): Entry | undefined {
    // Without an id it is in no history, so it cannot come twice.
    if (message.id > 0) {
      if (message.id <= this.last) return undefined;
      this.last = message.id;
    }
    const entry = entryOf(message);
    this.add(entry);
    return entry;
  }

  /**
   * Takes what the server sends on entering: it follows what is known, unless there is a `gap` before it. Behind a gap
   * the room begins anew, for what is missing is before these messages and can be asked for from there.
   */
  arrive(messages: readonly Message[], more: boolean, gap: boolean): Arrival {
    const isNew = this.last === 0;
    if (gap) {
      const ahead = (messages[0]?.id ?? 0) > this.last;
      this.last = 0;
      // A server that lost its history counts from the beginning again; what this client has is all there is.
      if (ahead) this.#entries = [];
    }
    const entries = messages.flatMap((message) => this.say(message) ?? []);
    if (gap || isNew) this.more = more;
    return gap ? { type: "replaced" } : { type: "appended", entries };
  }

  /** Puts older messages before what is there; returns those that were not known. */
  prepend(messages: readonly Message[], more: boolean): readonly Entry[] {
    const oldest = this.oldest ?? Number.POSITIVE_INFINITY;
    const entries = messages.filter(({ id }) => id < oldest).map(entryOf);
    this.#entries = [...entries, ...this.#entries];
    this.last = Math.max(this.last, messages.at(-1)?.id ?? 0);
    this.more = more;
    return entries;
  }

  /** Forgets everything that was said. */
  clear(): void {
    this.#entries = [];
    this.last = 0;
    this.more = true;
    this.unread = false;
  }

  /** Forgets what is beyond the limit. For a client that does not look at old entries now. */
  #trim(): void {
    if (this.#entries.length <= MAX_ENTRIES * 1.5) return;
    this.#entries = this.#entries.slice(-MAX_ENTRIES);
    this.more = true;
  }
}
