/** What was said, for those who come later. */
import type { Message } from "../protocol/events.ts";

/** A message with the key that it was sent with, so that it is not said twice. */
export interface KeyedMessage {
  readonly message: Message;
  readonly key: string | undefined;
}

/** Messages in order, and whether there are older (or, asked for with `after`, left out) ones. */
export interface Page {
  readonly messages: readonly Message[];
  readonly more: boolean;
}

/** Where messages are kept. Rooms are given by any spelling of their name. */
export interface History {
  /** The greatest id; ids of new messages must be greater. */
  readonly lastId: number;
  /** Whether keeping is worth waiting for, and so to be done for many messages at once. */
  readonly durable: boolean;
  /** Keeps messages, whose ids rise. When it returns they are kept; throws when they cannot be. */
  append(messages: readonly KeyedMessage[]): void;
  /** The id of the message that was sent with a key, among the last `KEYS` that had one. */
  idOf(key: string): number | undefined;
  /** The last messages of a room with ids less than `before`; at most `limit`. */
  before(room: string, before: number, limit: number): Page;
  /** The messages of a room with ids greater than `after`; the last `limit` of them. */
  after(room: string, after: number, limit: number): Page;
  /** The id of a room's last message; 0 without any. */
  last(room: string): number;
  close(): void;
}

/** How many keys are remembered. */
export const KEYS = 20_000;
