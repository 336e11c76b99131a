/** Clients that speak frames as JSON lines over TCP, such as the terminal client. */
import { setTimeout as sleep } from "node:timers/promises";
import { LimitError } from "@sockeye/async-streams";
import { SocketError, TimeoutError } from "@sockeye/socket-core";
import type { Channel, Encode } from "../hub/channel.ts";
import type { ServerFrame } from "../protocol/frames.ts";
import { frameOf } from "./encode-frame.ts";
import { farewell } from "./farewell.ts";
import { FrameSession } from "./frame-session.ts";
import { maxFrame } from "./max-frame.ts";
import { MIN_PAUSE, Pace } from "./pace.ts";
import type { Services } from "./services.ts";
import type { TcpPeer } from "./tcp.ts";

const lineOf = (frame: ServerFrame): Uint8Array => Buffer.from(`${JSON.stringify(frame)}\n`);

/** One for all clients, who share what it encodes. */
export function jsonLineEncoder({ limits, facts }: Services): Encode {
  return (event) => lineOf(frameOf(event, facts, limits.maxLineLength));
}

/** Serves a client of frames until it or the server ends it. A first line may have been read already. */
export async function serveJsonLines(peer: TcpPeer, encode: Encode, hello: string | undefined): Promise<void> {
  const { services, queue, address } = peer;
  const { hub, onDrop } = services;
  let ended: Promise<void> | undefined;
  const channel: Channel = {
    encode,
    frames: true,
    send: (bytes) => queue.push(bytes),
    close(reason, { discard, restart = false }) {
      if (discard) onDrop(session.client?.nick ?? "a program", reason);
      ended ??= farewell(peer, lineOf({ type: "goodbye", reason, ...(restart && { restart }) }), { discard });
    },
  };
  const tell = (frame: ServerFrame): void => void queue.push(lineOf(frame));
  const session = new FrameSession(services, { channel, tell, address });
  try {
    if (hello !== undefined) session.receive(hello);
    await readFrames(peer, session, () => ended !== undefined);
    if (session.client !== undefined) hub.leave(session.client);
  } catch (error) {
    if (ended === undefined) lost(error, peer, session, channel);
  }
  channel.close("see you", { discard: false });
  await ended;
}

/** Takes a client out whose connection failed, or who took too long. */
function lost(error: unknown, { services: { hub, limits } }: TcpPeer, session: FrameSession, channel: Channel): void {
  const { client } = session;
  if (error instanceof LimitError || error instanceof TimeoutError) {
    const reason =
      error instanceof LimitError ? `a frame was longer than ${maxFrame(limits)} bytes` : "there was no hello in time";
    if (client === undefined) channel.close(reason, { discard: true });
    else hub.drop(client, reason, { discard: true });
    return;
  }
  if (client !== undefined) hub.leave(client, "connection lost");
  if (!(error instanceof SocketError)) throw error;
}

async function readFrames(
  { services: { limits }, connection: { reader }, signal }: TcpPeer,
  session: FrameSession,
  isEnded: () => boolean,
): Promise<void> {
  const pace = new Pace(limits.linesPerSecond, Math.min(limits.burst, limits.linesPerSecond));
  const limit = maxFrame(limits);
  const helloBy = performance.now() + limits.handshakeTimeout;
  while (!isEnded()) {
    const timeout = session.client === undefined ? Math.max(1, helloBy - performance.now()) : undefined;
    const line = await reader.readLine({ limit, ...(timeout !== undefined && { timeout }) });
    if (line === null) return;
    session.receive(line);
    const pause = pace.take(line.length, performance.now());
    if (pause > 0) await sleep(Math.max(pause, MIN_PAUSE), undefined, { signal });
  }
}
