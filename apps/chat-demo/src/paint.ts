/** Lines from the server in colour. */
import type pc from "picocolors";
import { parseLine } from "./protocol/plain-lines.ts";

type Colors = ReturnType<typeof pc.createColors>;

/** Readable on dark and on light; red is for refusals. */
const palette = ["cyan", "magenta", "yellow", "green", "blue", "cyanBright", "magentaBright", "greenBright"] as const;

/** A nickname in its colour, the same in every terminal. */
export function paintNick(nick: string, colors: Colors): string {
  let hash = 0;
  for (const character of nick) hash = (hash * 31 + character.codePointAt(0)!) >>> 0;
  return colors[palette[hash % palette.length]!](nick);
}

/** A line of the server's, with colours where `colors` has them. */
export function paintLine(line: string, colors: Colors): string {
  const shown = parseLine(line);
  switch (shown.type) {
    case "problem":
      return colors.red(line);
    case "notice":
      return colors.dim(line);
    case "speech":
      return `${shown.before}${paintNick(shown.from, colors)}${shown.after}`;
  }
}
