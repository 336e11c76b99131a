/**
 * The chat's language, without I/O: a line from a client is a command, and an event is a line to a client. Both are
 * plain data, so that another transport (or another server) can carry them in its own form.
 */
import { checkName } from "./name.ts";
import { printable } from "./text.ts";

/** What a client wants. */
export type Command =
  | { type: "say"; text: string }
  | { type: "act"; text: string }
  | { type: "whisper"; to: string; text: string }
  | { type: "nick"; nick: string }
  | { type: "join"; room: string }
  | { type: "leave" }
  | { type: "who"; room: string | undefined }
  | { type: "help" }
  | { type: "quit"; reason: string | undefined }
  | { type: "nothing" }
  | { type: "invalid"; problem: string };

/** What clients are told. */
export type ChatEvent =
  | { type: "welcome"; nick: string; room: string; others: number }
  | { type: "said"; from: string; text: string }
  | { type: "acted"; from: string; text: string }
  | { type: "whispered"; from: string; to: string; text: string }
  | { type: "joined"; nick: string; room: string }
  | { type: "left"; nick: string; room: string; reason: string | undefined }
  | { type: "renamed"; from: string; to: string }
  | { type: "named"; nick: string }
  | { type: "entered"; room: string; others: number }
  | { type: "people"; room: string; nicks: readonly string[]; more: number }
  | { type: "rooms"; rooms: readonly { room: string; size: number }[]; more: number }
  | { type: "help" }
  | { type: "problem"; text: string }
  | { type: "goodbye"; reason: string };

interface CommandSyntax {
  usage: string;
  help: string;
  parse(rest: string): Command;
}

const nameThen = (rest: string, then: (name: string) => Command): Command => {
  const result = checkName(rest.startsWith("#") ? rest.slice(1) : rest);
  return "name" in result ? then(result.name) : { type: "invalid", problem: result.problem };
};
const missing = (usage: string): Command => ({ type: "invalid", problem: `Usage: ${usage}` });

const commands: Readonly<Record<string, CommandSyntax>> = {
  join: {
    usage: "/join ROOM",
    help: "go to another room; it is made if it does not exist",
    parse: (rest) => (rest === "" ? missing("/join ROOM") : nameThen(rest, (room) => ({ type: "join", room }))),
  },
  leave: { usage: "/leave", help: "go back to the lobby", parse: () => ({ type: "leave" }) },
  nick: {
    usage: "/nick NAME",
    help: "change your name",
    parse: (rest) => (rest === "" ? missing("/nick NAME") : nameThen(rest, (nick) => ({ type: "nick", nick }))),
  },
  who: {
    usage: "/who [ROOM]",
    help: "who is here, or in another room; and which rooms there are",
    parse: (rest) =>
      rest === "" ? { type: "who", room: undefined } : nameThen(rest, (room) => ({ type: "who", room })),
  },
  msg: {
    usage: "/msg NAME TEXT",
    help: "say something to one person only",
    parse(rest) {
      const [, to, text] = /^(\S+)\s+(\S.*)$/s.exec(rest) ?? [];
      if (to === undefined || text === undefined) return missing("/msg NAME TEXT");
      return nameThen(to, (name) => ({ type: "whisper", to: name, text }));
    },
  },
  me: {
    usage: "/me TEXT",
    help: "say what you do",
    parse: (rest) => (rest === "" ? missing("/me TEXT") : { type: "act", text: rest }),
  },
  help: { usage: "/help", help: "this list", parse: () => ({ type: "help" }) },
  quit: {
    usage: "/quit [REASON]",
    help: "leave the chat",
    parse: (rest) => ({ type: "quit", reason: rest === "" ? undefined : rest }),
  },
};

/** A line (without its end) as a command. Never throws: what makes no sense is `invalid`, and says why. */
export function parseCommand(line: string): Command {
  const text = printable(line.trim());
  if (text === "") return { type: "nothing" };
  if (!text.startsWith("/")) return { type: "say", text };
  // Two slashes say something that begins with one.
  if (text.startsWith("//")) return { type: "say", text: text.slice(1) };
  const [, word = "", rest = ""] = /^\/(\S*)\s*(.*)$/s.exec(text) ?? [];
  const name = word.toLowerCase();
  if (!Object.hasOwn(commands, name)) {
    return { type: "invalid", problem: `There is no command /${word.slice(0, 20)}; /help lists them` };
  }
  return commands[name]!.parse(rest);
}

const usageWidth = Math.max(...Object.values(commands).map(({ usage }) => usage.length));
const helpLines = [
  ...Object.values(commands).map(({ usage, help }) => `${usage.padEnd(usageWidth)}  ${help}`),
  `${"anything else".padEnd(usageWidth)}  is said in your room`,
];

const people = (others: number): string =>
  others === 0 ? "nobody else is here" : others === 1 ? "one other is here" : `${others} others are here`;
const more = (count: number): string => (count === 0 ? "" : ` and ${count} more`);

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
    case "help":
      return helpLines.map((line) => `-- ${line}`);
    case "problem":
      return [`!! ${event.text}`];
    case "goodbye":
      return [`-- Goodbye: ${event.reason}`];
  }
}

/** A line from the server taken apart, for clients that show it nicely. */
export type ShownLine =
  | { type: "speech"; before: string; from: string; after: string }
  | { type: "notice"; text: string; nick: string | undefined; goodbye: boolean }
  | { type: "problem"; text: string };

/** The reverse of `formatEvent`, as far as showing needs it. A notice may tell the client its name. */
export function parseLine(line: string): ShownLine {
  if (line.startsWith("!! ")) return { type: "problem", text: line };
  if (line.startsWith("-- ")) {
    const nick = /^-- (?:Welcome, ([^.\s]+)\. |You are now (\S+)$)/.exec(line);
    return { type: "notice", text: line, nick: nick?.[1] ?? nick?.[2], goodbye: line.startsWith("-- Goodbye: ") };
  }
  const [, before = "", from = "", after = ""] = /^(\* |\[)?([^\s:]+)(.*)$/s.exec(line) ?? [];
  return { type: "speech", before, from, after };
}
