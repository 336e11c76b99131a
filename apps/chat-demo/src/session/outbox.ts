/** What this client said, on its way to the server and back: kept over lost connections, in order. */
import { nameKey } from "../protocol/name.ts";

/** Something on its way. */
export type Outgoing =
  | {
      readonly kind: "message";
      /** The server takes a key once, however often it is sent. */
      readonly key: string;
      readonly room: string;
      readonly text: string;
      readonly time: number;
      /** The server sent it back: it stands in the room. */
      shown: boolean;
      sent: boolean;
    }
  | { readonly kind: "join"; readonly text: string; readonly room: string; sent: boolean };

export type OutgoingMessage = Extract<Outgoing, { kind: "message" }>;

/** So many may wait; what is said beyond that is refused. */
export const MAX_OUTGOING = 200;

/**
 * Keeps the order: what was typed in one room is acknowledged before the client goes to another, and what was typed
 * there is sent after it has arrived.
 */
export class Outbox {
  readonly #items: Outgoing[] = [];
  /** Acknowledged, and not back in the room yet; by id. */
  readonly #kept = new Map<number, OutgoingMessage>();

  get full(): boolean {
    return this.#items.length >= MAX_OUTGOING;
  }

  /** The room in which somebody types now, if the last joins on their way succeed. */
  get destination(): string | undefined {
    const join = this.#items.findLast((item) => item.kind === "join");
    return join?.room;
  }

  /** Messages on their way, oldest first. */
  get messages(): OutgoingMessage[] {
    return this.#items.filter((item) => item.kind === "message");
  }

  add(item: Outgoing): void {
    this.#items.push(item);
  }

  /** What can be sent now; it counts as sent from here on. */
  take(): Outgoing[] {
    const ready: Outgoing[] = [];
    for (const [i, item] of this.#items.entries()) {
      if (item.kind === "join" && i > 0) break;
      if (!item.sent) {
        item.sent = true;
        ready.push(item);
      }
      if (item.kind === "join") break;
    }
    return ready;
  }

  /** Nothing is known of what was sent on a connection that is gone: it is sent again. */
  rewind(): void {
    for (const item of this.#items) item.sent = false;
  }

  /** What was said in a room and does not stand there yet. */
  pending(room: string): OutgoingMessage[] {
    const key = nameKey(room);
    const waiting = [...this.#kept.values(), ...this.messages];
    return waiting.filter((message) => !message.shown && nameKey(message.room) === key);
  }

  /** The server sent back a message of ours: it stands in the room. Returns false for a key of nobody's. */
  returned(key: string): boolean {
    const message = this.messages.find((item) => item.key === key);
    if (message !== undefined) message.shown = true;
    return message !== undefined;
  }

  /** Takes out what the server has, or will not have. */
  remove(key: string): OutgoingMessage | undefined {
    const at = this.#items.findIndex((item) => item.kind === "message" && item.key === key);
    return at < 0 ? undefined : (this.#items.splice(at, 1)[0] as OutgoingMessage);
  }

  /** The server has it under an id, and has not sent it back yet. */
  keep(id: number, message: OutgoingMessage): void {
    this.#kept.set(id, message);
  }

  /** A message stands in its room now, whoever said it. */
  stands(id: number): void {
    this.#kept.delete(id);
  }

  /** Another room is shown, whose history will have what is kept. */
  forgetKept(): void {
    this.#kept.clear();
  }

  /** The join that was sent is done, or refused. */
  joined(): boolean {
    const [first] = this.#items;
    if (first?.kind !== "join" || !first.sent) return false;
    this.#items.shift();
    return true;
  }
}
