/** What clients are told, as plain data: each transport carries it in its own form. */

/** What somebody said, or did with `/me`, to a room. */
export interface Message {
  readonly type: "said" | "acted";
  /** Greater than that of every earlier message of the room; a safe integer. 0: it is in no history. */
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly room: string;
  readonly from: string;
  readonly text: string;
}

/** A room in a list. */
export interface ListedRoom {
  readonly room: string;
  readonly size: number;
  /** The id of its last message; 0 without any. */
  readonly last: number;
}

/** What clients are told. */
export type ChatEvent =
  /** Who said it, with frames, is told the key that it was sent with. */
  | (Message & { key?: string })
  | { type: "welcome"; nick: string; room: string; others: number }
  | { type: "whispered"; from: string; to: string; text: string }
  | { type: "joined"; nick: string; room: string }
  | { type: "left"; nick: string; room: string; reason: string | undefined }
  | { type: "renamed"; from: string; to: string }
  | { type: "named"; nick: string }
  | { type: "entered"; room: string; others: number }
  | { type: "people"; room: string; nicks: readonly string[]; more: number }
  | { type: "rooms"; rooms: readonly ListedRoom[]; more: number }
  | { type: "notice"; text: string }
  | { type: "help" }
  /** `wait`: it may be tried again in so many milliseconds, and not before. */
  | { type: "problem"; code: ProblemCode; text: string; key?: string; wait?: number }
  /** What was sent with the key is kept, under the id. */
  | { type: "ack"; key: string; id: number }
  /**
   * Messages of a room, in order. `more`: there are older ones. `gap`: what the client wanted to be told begins before
   * these messages.
   */
  | { type: "history"; room: string; messages: readonly Message[]; more: boolean; gap?: boolean }
  /** There is a new message in a room that the client was in before. */
  | { type: "activity"; room: string; id: number }
  /** `restart`: clients are to come again. */
  | { type: "goodbye"; reason: string; restart?: true };

/** Why something was refused, for programs. */
export type ProblemCode =
  /** No frame, a frame out of turn, or a line that is no command. */
  | "frame"
  | "command"
  /** The nickname cannot be had, or nobody has it. */
  | "nick"
  | "password"
  /** The message could not be kept; say it again with the same key. */
  | "unavailable";
