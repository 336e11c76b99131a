/** The way of what is said, from one client to the others, and to those of other servers. */
import type { Message } from "../protocol/events.ts";

/** Something to be said: a message that has no id yet. */
export interface Draft extends Pick<Message, "type" | "room" | "from" | "text"> {
  /** Chosen by the client; what comes twice with the same key is said once. */
  readonly key: string | undefined;
}

/** Hears every message of every room, each once, in the order of its id. `origin` is given where it was said here. */
export type Listener = (message: Message, key: string | undefined, origin: unknown) => void;

export interface Bus {
  /**
   * Says something. Resolves with its id when it is kept, for a repeated key with the id that it has already. Rejects
   * when it could not be kept. Where it is told at once, that happens before this returns.
   */
  publish(draft: Draft, origin: unknown): Promise<number>;
  /** Who hears what is said. There is one. */
  listen(listener: Listener): void;
  /** Whether what is said now is kept at once. */
  readonly isReady: boolean;
  /** Tells now what waits only for company; what must wait for others waits on. */
  flush(): void;
  /** Resolves when everything that was published is kept or refused, and nothing is open any more. */
  close(): Promise<void>;
}
