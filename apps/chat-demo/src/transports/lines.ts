/** Clients that speak plain lines over TCP, such as `nc`. */
import { setTimeout as sleep } from "node:timers/promises";
import { LimitError } from "@sockeye/async-streams";
import { SocketError, TimeoutError } from "@sockeye/socket-core";
import type { Channel } from "../hub/channel.ts";
import type { Client } from "../hub/member.ts";
import { parseCommand } from "../protocol/commands.ts";
import type { ChatEvent } from "../protocol/events.ts";
import { parseClientFrame } from "../protocol/frames.ts";
import { formatEvent } from "../protocol/plain-lines.ts";
import { farewell } from "./farewell.ts";
import { MIN_PAUSE, Pace } from "./pace.ts";
import { refusal } from "./password-gate.ts";
import type { TcpPeer } from "./tcp.ts";

/** So many passwords may be tried on one connection. */
const PASSWORDS = 3;

function encodeLines(event: ChatEvent): Uint8Array {
  const lines = formatEvent(event);
  return Buffer.from(lines.length === 0 ? "" : `${lines.join("\n")}\n`);
}

/**
 * Serves a client of plain lines until it or the server ends it. Resolves with the `hello` of one that turns out to
 * speak frames; its connection goes on.
 */
export async function serveLines(peer: TcpPeer): Promise<string | undefined> {
  const { services, queue } = peer;
  const { hub, limits, onDrop } = services;
  let ended: Promise<void> | undefined;
  const end = (reason: string, discard = false): void => {
    ended ??= farewell(peer, encodeLines({ type: "goodbye", reason }), { discard });
  };
  const letIn = await askPassword(peer);
  if (typeof letIn === "string") {
    end(letIn);
    await ended;
    return undefined;
  }
  if ("hello" in letIn) return letIn.hello;
  if (hub.size >= limits.maxClients) {
    end(`the chat is full with ${hub.size} people; try again later`);
    await ended;
    return undefined;
  }

  const channel: Channel = {
    encode: encodeLines,
    frames: false,
    send: (bytes) => queue.push(bytes),
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

/** Asks for the password, if there is one. Gives the reason to end the connection, or the `hello` of who speaks frames. */
async function askPassword(peer: TcpPeer): Promise<string | { hello: string } | Record<string, never>> {
  const { services, queue, connection, address } = peer;
  const { gate, limits } = services;
  if (gate === undefined) return {};
  const tell = (line: string): void => void queue.push(Buffer.from(`${line}\n`));
  tell("-- This chat has a password. Type it:");
  const until = performance.now() + limits.passwordTimeout;
  try {
    for (let attempt = 0; attempt < PASSWORDS; attempt++) {
      const line = await connection.reader.readLine({ timeout: Math.max(1, until - performance.now()) });
      if (line === null) return "see you";
      if (attempt === 0 && isHello(line)) return { hello: line };
      const verdict = gate.check(address, line);
      if (verdict === "right") return {};
      tell(`!! ${refusal(verdict)}`);
    }
    return "that was not the password";
  } catch (error) {
    if (error instanceof TimeoutError) return "there was no password in time";
    if (error instanceof LimitError || error instanceof SocketError) return "that was not the password";
    throw error;
  }
}

/** Takes a client out whose connection failed. */
function lost(error: unknown, { services: { hub, limits, onDrop } }: TcpPeer, client: Client): void {
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
  { services: { hub, limits }, connection: { reader }, signal }: TcpPeer,
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
