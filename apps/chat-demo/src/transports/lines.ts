/** Clients that speak lines over TCP, such as `nc` and the terminal client. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Connection, type Handler, LimitError } from "@sockeye/async-streams";
import { SO_KEEPALIVE, SO_SNDBUF, SOL_SOCKET, SocketError, TimeoutError } from "@sockeye/socket-core";
import type { Channel, Client, Hub } from "../hub/hub.ts";
import type { Limits } from "../hub/limits.ts";
import { parseCommand } from "../protocol/commands.ts";
import type { ChatEvent } from "../protocol/events.ts";
import { formatEvent } from "../protocol/plain-lines.ts";
import { Outbox } from "./outbox.ts";
import { Pace } from "./pace.ts";

/** Who is held up is held up this long at least, in milliseconds: one timer then stands for many lines. */
const MIN_PAUSE = 20;
/**
 * What the kernel keeps for a client, in bytes; left alone it takes megabytes on a fast network, and a client that does
 * not read would be noticed late.
 */
const SEND_BUFFER = 64 * 1024;
/** How long an ended connection may take to end on the other side too, in milliseconds. */
const FINISH_TIMEOUT = 1_000;

function encodeLines(event: ChatEvent): Uint8Array {
  return Buffer.from(`${formatEvent(event).join("\n")}\n`);
}

/** The handler that makes a connection a client of the hub. `onDrop` hears of those that the server puts out. */
export function lineClients(hub: Hub, limits: Limits, onDrop: (who: string, reason: string) => void): Handler {
  return async (connection, { signal }) => {
    connection.socket.setsockopt(SOL_SOCKET, SO_SNDBUF, SEND_BUFFER);
    // Who vanished without a word, because the network did, is found out in the end.
    connection.socket.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1);
    const outbox = new Outbox(connection.writer, limits);
    let ended: Promise<void> | undefined;
    const end = (reason: string, discard = false): void => {
      ended ??= farewell(connection, outbox, reason, discard, limits.dropTimeout);
    };
    if (hub.size >= limits.maxClients) {
      end(`the chat is full with ${hub.size} people; try again later`);
      return ended;
    }

    const channel: Channel = {
      encode: encodeLines,
      send: (bytes) => outbox.push(bytes),
      close(reason, { discard }) {
        if (discard) onDrop(client.nick, reason);
        end(reason, discard);
      },
    };
    const client = hub.enter(channel);
    try {
      await readCommands(connection, hub, client, limits, signal);
      hub.leave(client);
    } catch (error) {
      // Once we have ended the connection, that reading from it fails is no news.
      if (ended === undefined) lost(error, client);
    }
    end("see you");
    await ended;
  };

  function lost(error: unknown, client: Client): void {
    if (error instanceof LimitError) {
      const reason = `a line was longer than ${limits.maxLineLength} bytes`;
      onDrop(client.nick, reason);
      hub.drop(client, reason);
    } else {
      hub.leave(client, "connection lost");
      if (!(error instanceof SocketError)) throw error;
    }
  }
}

async function readCommands(
  { reader }: Connection,
  hub: Hub,
  client: Client,
  limits: Limits,
  signal: AbortSignal,
): Promise<void> {
  const pace = new Pace(limits.linesPerSecond, Math.min(limits.burst, limits.linesPerSecond));
  const announceAt = performance.now() + limits.announceDelay;

  async function nextLine(): Promise<string | null> {
    if (!client.announced) {
      try {
        return await reader.readLine({ timeout: Math.max(0, announceAt - performance.now()) + 1 });
      } catch (error) {
        if (!(error instanceof TimeoutError)) throw error;
        hub.announce(client);
      }
    }
    return reader.readLine();
  }

  for (let line = await nextLine(); line !== null && client.room !== undefined; line = await nextLine()) {
    hub.handle(client, parseCommand(line));
    const pause = pace.take(line.length, performance.now());
    if (pause > 0) await sleep(Math.max(pause, MIN_PAUSE), undefined, { signal });
  }
}

/** Tells the reason behind what waits (or instead of it) and closes; a client that does not read it in time is cut off. */
async function farewell(
  connection: Connection,
  outbox: Outbox,
  reason: string,
  discard: boolean,
  timeout: number,
): Promise<void> {
  const timer = setTimeout(() => connection.abort(), timeout);
  await outbox.end(encodeLines({ type: "goodbye", reason }), { discard });
  clearTimeout(timer);
  // It rejects when the goodbye could not be sent, and then there is nobody to tell.
  await connection.close({ timeout: FINISH_TIMEOUT }).catch(() => {});
}
