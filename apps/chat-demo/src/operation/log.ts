/** What whoever runs the server should know: JSON lines for machines, short lines in a terminal. */
import { Writable } from "node:stream";
import pino, { type Logger } from "pino";

export const LOG_LEVELS = ["error", "warn", "info", "debug", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LogOptions {
  level: LogLevel;
  /** Where it goes. */
  fd: number;
  /** Whether people read it, and not programs. */
  isTerminal: boolean;
}

/** Makes a log. What it is told is written before the call returns, so that nothing is lost at the end. */
export function openLog({ level, fd, isTerminal }: LogOptions): Logger {
  const destination = pino.destination({ fd, sync: true });
  const options = { level, base: null, formatters: { level: (label: string) => ({ level: label }) } };
  return isTerminal ? pino(options, shortLines(destination)) : pino(options, destination);
}

/** Takes the JSON lines and gives the time and the words. */
function shortLines(output: { write(text: string): unknown }): Writable {
  return new Writable({
    decodeStrings: false,
    write(line: string, _encoding, done) {
      const { level, time, msg, err } = JSON.parse(line) as Record<string, unknown>;
      const clock = new Date(time as number).toTimeString().slice(0, 8);
      const stack = typeof err === "object" && err !== null && "stack" in err ? `\n${String(err.stack)}` : "";
      output.write(`${clock} ${String(level)} ${String(msg)}${stack}\n`);
      done();
    },
  });
}
