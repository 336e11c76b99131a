/** What the hub needs of a client's connection. */
import type { ChatEvent } from "../protocol/events.ts";

/** Makes an event into the bytes of one kind of client. Clients of a kind share the function, and so the bytes. */
export type Encode = (event: ChatEvent) => Uint8Array;

/** The way to one client. */
export interface Channel {
  readonly encode: Encode;
  /** Whether it speaks frames: hears its own messages, what came of its keys, and of rooms that it was in. */
  readonly frames: boolean;
  /** Takes bytes to be sent; false when too much waits already. They are shared: nobody may change them. */
  send(bytes: Uint8Array): boolean;
  /** Tells the client why and ends the connection. */
  close(reason: string, options: CloseChannel): void;
}

export interface CloseChannel {
  /** What waits for it is given up. */
  discard: boolean;
  /** The client is to come again. */
  restart?: boolean;
}
