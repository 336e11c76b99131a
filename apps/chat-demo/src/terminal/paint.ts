/** What stands in a room, as lines for a terminal or a pipe. */
import type pc from "picocolors";
import { printable } from "../protocol/text.ts";
import type { Entry } from "../session/entry.ts";
import { nickHue } from "../session/nick-hue.ts";

export type Colors = ReturnType<typeof pc.createColors>;

/** Readable on dark and on light; red is for refusals. */
const palette = ["cyan", "magenta", "yellow", "green", "blue", "cyanBright", "magentaBright", "greenBright"] as const;

/** A nickname in its colour, the same in every terminal. */
export function paintNick(nick: string, colors: Colors): string {
  return colors[palette[nickHue(nick, palette.length)]!](printable(nick));
}

const two = (value: number): string => String(value).padStart(2, "0");

/** `08:45`; with the date when it was on another day than `now`. */
export function clock(time: number, now: number): string {
  const at = new Date(time);
  const minute = `${two(at.getHours())}:${two(at.getMinutes())}`;
  if (at.toDateString() === new Date(now).toDateString()) return minute;
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${minute}`;
}

export interface PaintOptions {
  readonly colors: Colors;
  /** Whether messages have their time before them, and what time it is. */
  readonly now: number | undefined;
}

/**
 * An entry as lines, without their ends. The server sends no control characters; whoever pretends to be one might, and
 * none reaches the terminal.
 */
export function paintEntry(entry: Entry, { colors, now }: PaintOptions): string[] {
  const time = now === undefined ? "" : `${colors.dim(clock(entry.time, now))} `;
  switch (entry.kind) {
    case "message": {
      const { type, from, text } = entry.message;
      const nick = paintNick(from, colors);
      return [`${time}${type === "said" ? `${nick}: ` : `* ${nick} `}${printable(text)}`];
    }
    case "whisper": {
      const sides = `[${paintNick(entry.from, colors)} -> ${paintNick(entry.to, colors)}]`;
      return [`${time}${sides} ${printable(entry.text)}`];
    }
    case "notice":
      return [colors.dim(`-- ${printable(entry.text)}`)];
    case "problem":
      return [colors.red(`!! ${printable(entry.text)}`)];
    case "help":
      return entry.lines.map((line) => colors.dim(`-- ${printable(line)}`));
  }
}
