/** Clients that speak plain lines over TCP, such as `nc`. */
import { setTimeout as sleep } from "node:timers/promises";
import { LimitError } from "@sockeye/async-streams";
import { SocketError, TimeoutError } from "@sockeye/socket-core";
import type { Channel, Client } from "../hub/hub.ts";
import { parseCommand } from "../protocol/commands.ts";
import type { ChatEvent } from "../protocol/events.ts";
import { parseClientFrame } from "../protocol/frames.ts";
import { formatEvent } from "../protocol/plain-lines.ts";
import { farewell } from "./farewell.ts";
import { MIN_PAUSE, Pace } from "./pace.ts";
import type { TcpPeer } from "./tcp.ts";

function encodeLines(event: ChatEvent): Uint8Array {
  const lines = formatEvent(event);
  return Buffer.from(lines.length === 0 ? "" : `${lines.join("\n")}\n`);
}

/**
 * Serves a client of plain lines until it or the server ends it. Resolves with the `hello` of one that turns out to
 * speak frames; its connection goes on.
 */
export async function serveLines(peer: TcpPeer): Promise<string | undefined> {
  const { hub, limits, outbox, onDrop } = peer;
  let ended: Promise<void> | undefined;
  const end = (reason: string, discard = false): void => {
    ended ??= farewell(peer, encodeLines({ type: "goodbye", reason }), { discard });
  };
  if (hub.size >= limits.maxClients) {
    end(`the chat is full with ${hub.size} people; try again later`);
    await ended;
    return undefined;
  }

  const channel: Channel = {
    encode: encodeLines,
    frames: false,
    send: (bytes) => outbox.push(bytes),
    close(reason, { discard }) {
      if (discard) onDrop(client.nick, reason);
      end(reason, discard);
    },
  };
  const client = hub.enter(channel);
  try {
    const hello = await readCommands(peer, client);
    hub.leave(client);
    if (hello !== undefined) return hello;
  } catch (error) {
    // Once we have ended the connection, that reading from it fails is no news.
    if (ended === undefined) lost(error, peer, client);
  }
  end("see you");
  await ended;
  return undefined;
}

/** Takes a client out whose connection failed. */
function lost(error: unknown, { hub, limits, onDrop }: TcpPeer, client: Client): void {
  if (error instanceof LimitError) {
    const reason = `a line was longer than ${limits.maxLineLength} bytes`;
    onDrop(client.nick, reason);
    hub.drop(client, reason);
  } else {
    hub.leave(client, "connection lost");
    if (!(error instanceof SocketError)) throw error;
  }
}

async function readCommands(
  { hub, limits, connection: { reader }, signal }: TcpPeer,
  client: Client,
): Promise<string | undefined> {
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

  let first = true;
  for (let line = await nextLine(); line !== null && client.room !== undefined; line = await nextLine()) {
    if (first && isHello(line)) return line;
    first = false;
    hub.handle(client, parseCommand(line));
    const pause = pace.take(line.length, performance.now());
    if (pause > 0) await sleep(Math.max(pause, MIN_PAUSE), undefined, { signal });
  }
  return undefined;
}

function isHello(line: string): boolean {
  if (!line.startsWith("{")) return false;
  const result = parseClientFrame(line);
  return "frame" in result && result.frame.type === "hello";
}
