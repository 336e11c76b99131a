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
  /** Tells the client why and ends the connection. With `discard`, what waits is given up. */
  close(reason: string, options: CloseChannel): void;
}

interface CloseChannel {
  discard: boolean;
  /** The server will be back: clients are to come again. */
  restart?: boolean;
}
