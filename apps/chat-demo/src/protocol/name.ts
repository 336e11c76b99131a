/** Names of people and rooms. */
import { printable } from "./text.ts";

/** The longest name, in characters. */
const MAX_NAME_LENGTH = 24;

const allowed = /^[\p{Letter}\p{Number}][\p{Letter}\p{Number}_-]*$/u;
/** Alphabets that hold letters which look the same; a name in one of them cannot pretend to be one in another. */
const lookalikes = [/\p{Script=Latin}/u, /\p{Script=Greek}/u, /\p{Script=Cyrillic}/u];

/** A valid name in its one spelling, or what is wrong with it. */
export type NameResult = { name: string } | { problem: string };

/**
 * Checks a nickname or a room's name: 1 to 24 letters, digits, `_` or `-` of one alphabet, beginning with a letter or
 * digit. Compatibility forms, such as wide letters, become the plain ones (NFKC, UAX #15).
 */
export function checkName(text: string): NameResult {
  const name = text.normalize("NFKC");
  const length = [...name].length;
  if (length === 0) return { problem: "A name is missing" };
  if (length > MAX_NAME_LENGTH) {
    return { problem: `The name has ${length} characters; ${MAX_NAME_LENGTH} are the most` };
  }
  const shown = printable(name);
  if (!allowed.test(name)) return { problem: `"${shown}" is no name: use letters, digits, _ and -` };
  if (lookalikes.filter((script) => script.test(name)).length > 1) {
    return { problem: `"${shown}" is no name: it mixes alphabets that look alike` };
  }
  return { name };
}

/**
 * Letters and digits that look like another one, after NFKC and in small letters: of Greek and Cyrillic those whose
 * capitals or small letters are drawn as Latin ones (UTS #39), and what is mistaken for i and o.
 */
const twins: Readonly<Record<string, string>> = Object.fromEntries(
  [
    ["a", "аα"],
    ["b", "вβ"],
    ["c", "сϲ"],
    ["d", "ԁ"],
    ["e", "еεҽ"],
    ["g", "ԍ"],
    ["h", "нһη"],
    ["i", "l1іιӏ"],
    ["j", "јϳ"],
    ["k", "кκ"],
    ["m", "мμ"],
    ["n", "ν"],
    ["o", "0оοσ"],
    ["p", "рρ"],
    ["q", "ԛ"],
    ["s", "ѕ"],
    ["t", "тτ"],
    ["w", "ԝω"],
    ["x", "хχ"],
    ["y", "уүυγ"],
    ["z", "ζ"],
  ].flatMap(([letter, others]) => [...others!].map((other) => [other, letter!])),
);

/** What a nickname has in common with those that could be mistaken for it: only one of them is given away. */
export function nickKey(nick: string): string {
  let key = "";
  for (const character of nameKey(nick)) key += twins[character] ?? character;
  return key;
}

/** The name of a guest: who has not chosen one, or whose own somebody else has. */
export const guestName = (number: number): string => `guest-${number}`;

/** Whether a name is one of those that guests get. */
export const isGuestName = (nick: string): boolean => /^guest-\d+$/.test(nick);

/** What two spellings of the same name have in common. */
export function nameKey(name: string): string {
  return name.normalize("NFKC").toLowerCase();
}
