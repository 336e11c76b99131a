/** What clients may ask for: a line is a command, whatever transport carries it. Without I/O. */
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
  | { type: "history"; count: number | undefined }
  | { type: "weather"; place: string }
  | { type: "who"; room: string | undefined }
  | { type: "help" }
  | { type: "quit"; reason: string | undefined }
  | { type: "nothing" }
  | { type: "invalid"; problem: string };

/** The longest name of a place, in characters. */
const MAX_PLACE_LENGTH = 60;

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
  history: {
    usage: "/history [N]",
    help: "the last N messages of your room",
    parse(rest) {
      if (rest === "") return { type: "history", count: undefined };
      const count = Number(rest);
      if (/^\d{1,6}$/.test(rest) && count > 0) return { type: "history", count };
      return { type: "invalid", problem: `"${rest.slice(0, 20)}" is no number of messages; usage: /history [N]` };
    },
  },
  weather: {
    usage: "/weather PLACE",
    help: "tell the room the weather there",
    parse(rest) {
      if (rest === "") return missing("/weather PLACE");
      if ([...rest].length > MAX_PLACE_LENGTH) {
        return { type: "invalid", problem: `A place has up to ${MAX_PLACE_LENGTH} characters` };
      }
      return { type: "weather", place: rest };
    },
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
/** A line for each command, each of at most 77 characters. */
export const helpLines: readonly string[] = [
  ...Object.values(commands).map(({ usage, help }) => `${usage.padEnd(usageWidth)}  ${help}`),
  `${"anything else".padEnd(usageWidth)}  is said in your room`,
];
