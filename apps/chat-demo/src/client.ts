/** `chat join`: the terminal client. */
import { type Connection, LimitError, openConnection } from "@sockeye/async-streams";
import { SocketError, TimeoutError } from "@sockeye/socket-core";
import pc from "picocolors";
import { fail } from "./cli/fail.ts";
import { onInterrupt } from "./cli/interrupt.ts";
import { defaultLimits } from "./hub/limits.ts";
import { paintLine, paintNick } from "./paint.ts";
import { parseLine } from "./protocol/plain-lines.ts";
import { printable } from "./protocol/text.ts";
import { openScreen } from "./screen.ts";

const CONNECT_TIMEOUT = 10_000;
/** How long the goodbye may take, in milliseconds. */
const CLOSE_TIMEOUT = 1_000;

export interface JoinOptions {
  host: string;
  port: number;
  nick?: string;
  room?: string;
}

/** Joins a chat and stays until the person or the server ends it. */
export async function join({ host, port, nick, room }: JoinOptions): Promise<void> {
  let connection: Connection;
  try {
    connection = await openConnection({ host, port }, { timeout: CONNECT_TIMEOUT });
  } catch (error) {
    return fail(whyNot(error, host, port), error);
  }
  const { reader, writer } = connection;
  const colors = pc.createColors(
    pc.isColorSupported && (process.stdout.isTTY || process.env.FORCE_COLOR !== undefined),
  );
  /** The person wants to go, or the server said goodbye: that the connection ends then is no failure. */
  let leaving = false;
  const leave = (): void => {
    leaving = true;
    screen.close();
    void writer.write("/quit\n");
    void connection.close({ timeout: CLOSE_TIMEOUT });
  };
  const screen = openScreen({
    input: process.stdin,
    output: process.stdout,
    onLine(line) {
      const length = Buffer.byteLength(line);
      if (length > defaultLimits.maxLineLength) {
        screen.show(colors.red(`!! Not sent: ${length} bytes, and ${defaultLimits.maxLineLength} are the most`));
      } else {
        void writer.write(`${line}\n`);
      }
    },
    onEnd(interrupted) {
      if (interrupted) return leave();
      leaving = true;
      // The end of a pipe: what was sent is still answered, and then the server ends too.
      void writer.end();
    },
  });
  const forget = onInterrupt(leave, () => process.exit(130));

  if (nick !== undefined) void writer.write(`/nick ${nick}\n`);
  if (room !== undefined) void writer.write(`/join ${room}\n`);
  try {
    for await (const line of reader) {
      // The server sends no control characters; whoever pretends to be one might.
      const safe = printable(line);
      screen.show(paintLine(safe, colors));
      const shown = parseLine(safe);
      if (shown.type !== "notice") continue;
      if (shown.nick !== undefined) screen.prompt(`${paintNick(shown.nick, colors)}> `);
      if (shown.goodbye) leaving = true;
    }
    screen.close();
    if (!leaving) fail("The server went away without a goodbye.", undefined);
  } catch (error) {
    screen.close();
    if (!leaving) fail(whyLost(error), error);
  } finally {
    forget();
    await connection.close({ timeout: CLOSE_TIMEOUT }).catch(() => {});
  }
}

function whyNot(error: unknown, host: string, port: number): string | undefined {
  const { code } = error as { code?: unknown };
  const elsewhere = "or say with --host and --port where it is";
  if (code === "ECONNREFUSED") {
    return `Nothing listens on ${host}:${port}. Start the chat with "npm start" first, ${elsewhere}.`;
  }
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return `There is no host "${printable(host)}". Check --host.`;
  if (error instanceof TimeoutError) return `${host}:${port} did not answer within ${CONNECT_TIMEOUT / 1_000} s.`;
  return error instanceof SocketError ? `Cannot connect to ${host}:${port}: ${error.message}` : undefined;
}

function whyLost(error: unknown): string | undefined {
  if (error instanceof LimitError) return "What answers there is no chat server: it sent a line without an end.";
  return error instanceof SocketError ? `The connection to the server broke: ${error.message}` : undefined;
}
