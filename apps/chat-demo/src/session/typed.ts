/** What a line that somebody typed asks of the client, before the server hears of it. Without I/O. */
import { checkName } from "../protocol/name.ts";
import { LOBBY } from "./rooms.ts";

export type Typed =
  | { readonly type: "nothing" }
  /** It is kept until the server has it. */
  | { readonly type: "say"; readonly text: string }
  | { readonly type: "join"; readonly text: string; readonly room: string }
  /** Older messages of the room. */
  | { readonly type: "history" }
  /** It matters now or not at all. */
  | { readonly type: "command"; readonly name: string; readonly text: string }
  | { readonly type: "refused"; readonly problem: string };

/** Takes a line apart; a longer one than `maxLine` bytes is refused. */
export function readTyped(line: string, maxLine: number): Typed {
  const text = line.trim();
  if (text === "") return { type: "nothing" };
  const bytes = new TextEncoder().encode(text).length;
  if (bytes > maxLine) return { type: "refused", problem: `Not sent: ${bytes} bytes, and ${maxLine} are the most` };
  const [, word = "", rest = ""] = /^\/(\S*)\s*(.*)$/s.exec(text) ?? [];
  const name = word.toLowerCase();
  if (!text.startsWith("/") || text.startsWith("//") || (name === "me" && rest !== "")) return { type: "say", text };
  if (name === "join" && rest !== "") {
    const room = checkName(rest.startsWith("#") ? rest.slice(1) : rest);
    return "problem" in room ? { type: "refused", problem: room.problem } : { type: "join", text, room: room.name };
  }
  if (name === "leave") return { type: "join", text, room: LOBBY };
  if (name === "history") return { type: "history" };
  return { type: "command", name, text };
}
