/** Events as frames. */

import { helpLines } from "../protocol/commands.ts";
import type { ChatEvent } from "../protocol/events.ts";
import { FRAME_VERSION, type ServerFrame } from "../protocol/frames.ts";
import type { Facts } from "./services.ts";

/** An event as a frame for programs. */
export function frameOf(event: ChatEvent, { server, features }: Facts, maxLine: number): ServerFrame {
  switch (event.type) {
    case "welcome":
      return { ...event, version: FRAME_VERSION, server, maxLine, features };
    case "help":
      return { type: "help", lines: helpLines };
    case "left": {
      const { type, nick, room, reason } = event;
      return { type, nick, room, ...(reason !== undefined && { reason }) };
    }
    default:
      return event;
  }
}
