/** What clients are told of the history. */
import type { History } from "../history/history.ts";
import type { ChatEvent, Message } from "../protocol/events.ts";
import { lastOf, partsOf } from "./parts.ts";

/** Messages of a room that is entered for the first time: so many fit a terminal, and so many a page. */
const LINES_ON_ENTERING = 10;
const FRAMES_ON_ENTERING = 50;
/** What `/history` gives without a number, and what it gives at most. */
const HISTORY_LINES = 20;
const MAX_HISTORY_LINES = 500;
/** A history is told in parts of about so many bytes, so that none is longer than what clients take at once. */
const MAX_PART = 32 * 1024;
/** And of at most so many altogether, which is half of what may wait for a client. */
const MAX_CATCH_UP = 1024 * 1024;
const END = Number.MAX_SAFE_INTEGER;

export class Recollection {
  readonly #history: History;
  readonly #catchUp: number;

  /** Who comes back is told at most `catchUp` messages. */
  constructor(history: History, catchUp: number) {
    this.#history = history;
    this.#catchUp = catchUp;
  }

  /** For who enters a room and has seen the messages up to `after`; without that, the last ones. */
  since(room: string, after: number | undefined, frames: boolean): ChatEvent[] {
    const known = after !== undefined && after <= this.#history.lastId;
    const first = frames ? FRAMES_ON_ENTERING : LINES_ON_ENTERING;
    const { messages, more } = known
      ? this.#history.after(room, after, frames ? this.#catchUp : first)
      : this.#history.before(room, END, first);
    return this.#tell(room, messages, more, after);
  }

  /** The last messages of a room, as `/history` asks for them. */
  last(room: string, count = HISTORY_LINES): ChatEvent[] {
    const { messages, more } = this.#history.before(room, END, Math.min(count, MAX_HISTORY_LINES));
    if (messages.length === 0) return [{ type: "notice", text: `Nothing was said in #${room} yet` }];
    return this.#tell(room, messages, more, undefined);
  }

  /** What fits one event of the messages before an id. */
  page(room: string, before = END, limit: number): ChatEvent {
    const { messages, more } = this.#history.before(room, before, limit);
    const told = lastOf(messages, MAX_PART);
    return { type: "history", room, messages: told, more: more || told.length < messages.length };
  }

  #tell(room: string, messages: readonly Message[], more: boolean, after: number | undefined): ChatEvent[] {
    const told = lastOf(messages, MAX_CATCH_UP);
    const left = more || told.length < messages.length;
    return partsOf(told, MAX_PART).map((part, index) => {
      const older = index > 0 || left || (after !== undefined && after > 0);
      const gap = index === 0 && after !== undefined && (left || after > this.#history.lastId);
      return { type: "history", room, messages: part, more: older, ...(gap && { gap }) };
    });
  }
}
