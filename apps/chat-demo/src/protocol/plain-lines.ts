/** The chat as plain lines, for `nc` and people: an event is lines, without I/O. */
import { helpLines } from "./commands.ts";
import type { ChatEvent, Message } from "./events.ts";

const people = (others: number): string =>
  others === 0 ? "nobody else is here" : others === 1 ? "one other is here" : `${others} others are here`;
const more = (count: number): string => (count === 0 ? "" : ` and ${count} more`);

const twoDigits = (value: number): string => String(value).padStart(2, "0");

/** The minute, as the clock of the server's time zone had it. */
function minute(time: number): string {
  const at = new Date(time);
  const day = `${at.getFullYear()}-${twoDigits(at.getMonth() + 1)}-${twoDigits(at.getDate())}`;
  return `${day} ${twoDigits(at.getHours())}:${twoDigits(at.getMinutes())}`;
}

/** What was said before is the server's word, so that nobody takes it for something said now. */
function historyLines(messages: readonly Message[]): string[] {
  return messages.map(
    ({ type, time, from, text }) => `-- ${minute(time)} ${type === "said" ? `${from}: ${text}` : `* ${from} ${text}`}`,
  );
}

/**
 * An event as lines of text, each without its end. What people say begins with their name; `--` is the server's own
 * word and `!!` its refusal, and no name can look like these.
 */
export function formatEvent(event: ChatEvent): string[] {
  switch (event.type) {
    case "welcome":
      return [
        `-- Welcome, ${event.nick}. You are in #${event.room}, ${people(event.others)}. /help lists the commands.`,
      ];
    case "said":
      return [`${event.from}: ${event.text}`];
    case "acted":
      return [`* ${event.from} ${event.text}`];
    case "whispered":
      return [`[${event.from} -> ${event.to}] ${event.text}`];
    case "joined":
      return [`-- ${event.nick} joined #${event.room}`];
    case "left":
      return [`-- ${event.nick} left #${event.room}${event.reason === undefined ? "" : ` (${event.reason})`}`];
    case "renamed":
      return [`-- ${event.from} is now ${event.to}`];
    case "named":
      return [`-- You are now ${event.nick}`];
    case "entered":
      return [`-- You are in #${event.room}, ${people(event.others)}`];
    case "people":
      return [`-- In #${event.room}: ${event.nicks.join(", ") || "nobody"}${more(event.more)}`];
    case "rooms": {
      const rooms = event.rooms.map(({ room, size }) => `#${room} (${size})`);
      return [`-- Rooms: ${rooms.join(", ")}${more(event.more)}`];
    }
    case "notice":
      return [`-- ${event.text}`];
    case "history":
      return historyLines(event.messages);
    // Whoever speaks plain lines has no keys, and is told of one room only.
    case "ack":
    case "activity":
      return [];
    case "help":
      return helpLines.map((line) => `-- ${line}`);
    case "problem":
      return [`!! ${event.text}`];
    case "goodbye":
      return [`-- Goodbye: ${event.reason}`];
  }
}
