/** What the hub and its clients know of each other. */
import type { ChatEvent } from "../protocol/events.ts";
import type { Seen } from "./seen.ts";

/** Makes an event into the bytes of one kind of client. Clients of a kind share the function, and so the bytes. */
export type Encode = (event: ChatEvent) => Uint8Array;

/** What the hub needs of a client's connection. */
export interface Channel {
  readonly encode: Encode;
  /** Whether it speaks frames: hears its own messages, what came of its keys, and of rooms that it was in. */
  readonly frames: boolean;
  /** Takes bytes to be sent; false when too much waits already. They are shared: nobody may change them. */
  send(bytes: Uint8Array): boolean;
  /** Tells the client why and ends the connection. With `discard`, what waits is given up. */
  close(reason: string, options: CloseChannel): void;
}

interface CloseChannel {
  discard: boolean;
  /** The server will be back: clients are to come again. */
  restart?: boolean;
}

/** One person. Made by `Hub.enter`; read it, and let the hub change it. */
export interface Client {
  readonly nick: string;
  /** Undefined before the client entered and after it left. */
  readonly room: string | undefined;
  /** Whether the others were told about it. */
  readonly announced: boolean;
}

/** What a new client brings. */
export interface Entrance {
  /** Checked names; without them it is a guest in the lobby. */
  nick?: string | undefined;
  room?: string | undefined;
  /** The id of the last message that it has seen, by room. */
  after?: Readonly<Record<string, number>> | undefined;
}

/** What the server says by itself. Both may be missing, and fail in words for people or not at all. */
export interface Helpers {
  weather?: ((place: string) => Promise<string>) | undefined;
  titles?: ((text: string) => Promise<readonly string[]>) | undefined;
}

/** What the other servers of a cluster hear of this one. */
export interface Cluster {
  /** Its name: of two that gave somebody the same nickname at the same time, the greater one takes it back. */
  readonly server: string;
  /** Who is here has changed. */
  changed(): void;
  whisper(server: string, whisper: { from: string; to: string; text: string }): void;
  /** The server's word to a room. */
  notice(room: string, text: string): void;
}

/** A client as the hub has it. */
export interface Member extends Client {
  nick: string;
  room: string | undefined;
  announced: boolean;
  readonly id: number;
  readonly channel: Channel;
  readonly seen: Seen;
  /** Messages of its that are on their way. */
  saying: number;
}
