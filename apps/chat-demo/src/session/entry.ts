/** What one reads in a room: messages, and what happened between them. */
import type { Message } from "../protocol/events.ts";

/** One item of a room's log. `time` is in milliseconds since 1970. */
export type Entry =
  | { readonly kind: "message"; readonly time: number; readonly message: Message }
  | {
      readonly kind: "whisper";
      readonly time: number;
      readonly from: string;
      readonly to: string;
      readonly text: string;
    }
  /** Somebody came, went or has another name; and other words of the server's. */
  | { readonly kind: "notice"; readonly time: number; readonly text: string }
  | { readonly kind: "problem"; readonly time: number; readonly text: string }
  | { readonly kind: "help"; readonly time: number; readonly lines: readonly string[] };
