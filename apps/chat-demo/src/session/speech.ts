/** Says what the person says: in order and once, over connections that come and go. Without I/O. */
import type { ClientFrame } from "../protocol/frames.ts";
import { MAX_OUTGOING, Outbox, type Outgoing, type OutgoingMessage } from "./outbox.ts";

/** Milliseconds before a message that the server could not keep is sent again. */
const RETRY_AFTER = 2_000;

export interface SpeechOptions {
  readonly send: (frame: ClientFrame) => void;
  /** What waits has changed. */
  readonly changed: () => void;
}

export class Speech {
  readonly #options: SpeechOptions;
  readonly #outbox = new Outbox();
  #connected = false;
  /** When to send again what the server could not keep. */
  #retryAt: number | undefined;
  /** The person knows that the server cannot keep messages now. */
  #told = false;

  constructor(options: SpeechOptions) {
    this.#options = options;
  }

  /** The room in which somebody types now, if that is not where the client is. */
  get destination(): string | undefined {
    return this.#outbox.destination;
  }

  /** Messages of all rooms that the server is not known to have: not acknowledged, and not back in their room either. */
  get unacknowledged(): OutgoingMessage[] {
    return this.#outbox.messages.filter(({ shown }) => !shown);
  }

  /** What was said in a room and does not stand there yet. */
  pending(room: string): OutgoingMessage[] {
    return this.#outbox.pending(room);
  }

  /** Says something, or goes to another room, when what came before is done. Returns why not. */
  add(item: Outgoing): string | undefined {
    if (this.#outbox.full) return `Not sent: ${MAX_OUTGOING} messages wait for the server already`;
    this.#outbox.add(item);
    if (item.kind === "message") this.#options.changed();
    this.#pump();
    return undefined;
  }

  /** The server has welcomed this client. Nothing is known of what was sent on a connection before: it is sent again. */
  connected(): void {
    this.#connected = true;
    this.#resend();
  }

  disconnected(): void {
    this.#connected = false;
    this.#retryAt = undefined;
  }

  /** A message stands in its room; `key` is that of one's own. */
  returned(id: number, key: string | undefined): void {
    this.#outbox.stands(id);
    if (key !== undefined && this.#outbox.returned(key)) this.#options.changed();
  }

  /** The server has kept a message. `isMissing` tells whether it does not stand in the room yet. */
  acknowledged(key: string, id: number, isMissing: (room: string) => boolean): void {
    this.#told = false;
    const message = this.#outbox.remove(key);
    if (message === undefined) return;
    if (!message.shown && isMissing(message.room)) this.#outbox.keep(id, message);
    this.#options.changed();
    this.#pump();
  }

  /** The server will not have a message. */
  refused(key: string): void {
    this.#outbox.remove(key);
    this.#options.changed();
    this.#pump();
  }

  /** The server could not keep a message, which is sent again. Returns whether that is news: it has kept one since. */
  unavailable(now: number): boolean {
    const isNews = !this.#told;
    this.#told = true;
    this.#retryAt = now + RETRY_AFTER;
    return isNews;
  }

  /** The room that was asked for was entered, or refused. */
  joined(): void {
    this.#outbox.joined();
    this.#pump();
  }

  /** Another room is shown. */
  moved(): void {
    this.#outbox.forgetKept();
  }

  /** Time has passed. */
  tick(now: number): void {
    if (this.#retryAt === undefined || now < this.#retryAt) return;
    this.#retryAt = undefined;
    this.#resend();
  }

  #resend(): void {
    this.#outbox.rewind();
    this.#pump();
  }

  #pump(): void {
    if (!this.#connected) return;
    for (const item of this.#outbox.take()) {
      const key = item.kind === "message" ? { key: item.key } : {};
      this.#options.send({ type: "line", text: item.text, ...key });
    }
  }
}
