/** What a session tells whoever shows it. */
import type { Entry } from "./entry.ts";

/** What changed; the rest is read from the session. */
export type Change =
  | { readonly type: "link" | "self" | "people" | "rooms" | "outbox" | "wire" }
  /** The client is in another room now. */
  | { readonly type: "room" }
  | { readonly type: "appended"; readonly room: string; readonly entries: readonly Entry[] }
  | { readonly type: "prepended"; readonly room: string; readonly entries: readonly Entry[] }
  /** Everything that was shown of the room is out of date. */
  | { readonly type: "replaced"; readonly room: string };
