/** What could stand where somebody types: commands, names of people and of rooms. */
import { helpLines } from "../protocol/commands.ts";
import { nameKey } from "../protocol/name.ts";

/** Something that could stand there. */
interface Completion {
  /** What replaces the word. */
  readonly text: string;
  /** What it means, when that needs words. */
  readonly hint: string;
}

export interface Completions {
  /** Where the word begins that they replace; it ends at the cursor. */
  readonly from: number;
  readonly options: readonly Completion[];
}

/** What there is to complete to. */
export interface Known {
  readonly people: readonly string[];
  readonly rooms: readonly string[];
}

/** So many are offered. */
const MAX_OPTIONS = 12;
const roomCommands = new Set(["/join", "/who"]);
const personCommands = new Set(["/msg"]);

const commands: readonly Completion[] = helpLines.flatMap((line) => {
  const [, usage, hint = ""] = /^(\/\S.*?)\s{2,}(.*)$/.exec(line) ?? [];
  return usage === undefined
    ? []
    : [
        {
          text: `${usage.split(" ")[0]} `,
          hint: [usage.split(" ").slice(1).join(" "), hint].filter(Boolean).join(" – "),
        },
      ];
});

/** Completions of the word that ends at `cursor`; none for a word that nothing begins with. */
export function complete(line: string, cursor: number, { people, rooms }: Known): Completions {
  const before = line.slice(0, cursor);
  const from = before.search(/\S*$/);
  const word = before.slice(from);
  const command = /^(\/\S+)\s+\S*$/.exec(before)?.[1]?.toLowerCase();
  const plain = (texts: readonly string[], mark: (text: string) => string): readonly Completion[] =>
    texts.map((text) => ({ text: mark(text), hint: "" }));

  if (from === 0 && word.startsWith("/")) return { from, options: matching(commands, word) };
  if (command !== undefined && roomCommands.has(command)) {
    const start = word.startsWith("#") ? word.slice(1) : word;
    return {
      from,
      options: matching(
        plain(rooms, (room) => room),
        start,
      ),
    };
  }
  if (command !== undefined && personCommands.has(command)) {
    return {
      from,
      options: matching(
        plain(people, (nick) => `${nick} `),
        word,
      ),
    };
  }
  // In what is said, names are offered from two letters on, or behind an @.
  const at = word.startsWith("@");
  const start = at ? word.slice(1) : word;
  if (!at && start.length < 2) return { from, options: [] };
  return {
    from,
    options: matching(
      plain(people, (nick) => `${nick}${from === 0 && !at ? ": " : " "}`),
      start,
    ),
  };
}

function matching(options: readonly Completion[], start: string): Completion[] {
  const key = nameKey(start);
  return options.filter(({ text }) => nameKey(text).startsWith(key) && text.trim() !== start).slice(0, MAX_OPTIONS);
}
