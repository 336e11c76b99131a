/** A person on this server. */
import type { Channel } from "./channel.ts";
import type { Seen } from "./seen.ts";

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
  /** Its own secret, the same on each of its connections: it takes the place of the one before. */
  key?: string | undefined;
  /** The id of the last message that it has seen, by room. */
  after?: Readonly<Record<string, number>> | undefined;
}

/** A client as the hub has it. */
export interface Member extends Client {
  nick: string;
  room: string | undefined;
  announced: boolean;
  readonly id: number;
  readonly key: string | undefined;
  readonly channel: Channel;
  readonly seen: Seen;
  /** Messages of its that are on their way. */
  saying: number;
}
