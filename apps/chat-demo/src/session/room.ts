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
   * Takes what the server sends on entering. `follows`: nothing is left out between what is known and these; otherwise
   * that is so when they reach back to what is known.
   */
  arrive(messages: readonly Message[], more: boolean, follows: boolean): Arrival {
    const known = this.last;
    const joins = follows || known === 0 || messages.length === 0 || messages[0]!.id <= known || !more;
    if (!joins) {
      this.#entries = messages.map(entryOf);
      this.last = messages.at(-1)!.id;
      this.more = true;
      this.#trim();
      return { type: "replaced" };
    }
    if (known === 0) this.more = more;
    return { type: "appended", entries: messages.flatMap((message) => this.say(message) ?? []) };
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

  /** Forgets what is beyond the limit. For a client that does not look at old entries now. */
  #trim(): void {
    if (this.#entries.length <= MAX_ENTRIES * 1.5) return;
    this.#entries = this.#entries.slice(-MAX_ENTRIES);
    this.more = true;
  }
}
