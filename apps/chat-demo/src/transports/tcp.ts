/** The TCP port: plain lines for `nc` and people, or frames as JSON lines for programs. */
import { type Connection, type Handler, StreamError } from "@sockeye/async-streams";
import {
  IPPROTO_TCP,
  SO_KEEPALIVE,
  SO_SNDBUF,
  SOL_SOCKET,
  SocketError,
  TCP_KEEPALIVE,
  TCP_KEEPCNT,
  TCP_KEEPIDLE,
  TCP_KEEPINTVL,
  TCP_USER_TIMEOUT,
  TimeoutError,
} from "@sockeye/socket-core";
import { jsonLineEncoder, serveJsonLines } from "./json-lines.ts";
import { serveLines } from "./lines.ts";
import { SendQueue } from "./send-queue.ts";
import type { Services } from "./services.ts";

/**
 * What the kernel keeps for a client, in bytes; left alone it takes megabytes on a fast network, and a client that does
 * not read would be noticed late.
 */
const SEND_BUFFER = 64 * 1024;
const BRACE = 0x7b;
/** A client that was silent for 60 seconds is asked, every 10 seconds; after 60 seconds without an answer it is gone. */
const keepAliveTimes: readonly (readonly [option: number, value: number])[] = [
  // What Linux calls TCP_KEEPIDLE is TCP_KEEPALIVE on macOS.
  [TCP_KEEPIDLE === -1 ? TCP_KEEPALIVE : TCP_KEEPIDLE, 60],
  [TCP_KEEPINTVL, 10],
  [TCP_KEEPCNT, 6],
  // The same, in milliseconds, for one that something was sent to, which it does not acknowledge or has no room for.
  [TCP_USER_TIMEOUT, 120_000],
];

/** The handler that makes a connection a client of the hub. */
export function tcpClients(services: Services): Handler {
  const encodeFrame = jsonLineEncoder(services);
  return async (connection, { signal }) => {
    // With TLS the socket underneath is another one by now, and has them too.
    connection.socket.setsockopt(SOL_SOCKET, SO_SNDBUF, SEND_BUFFER);
    keepAlive(connection);
    const queue = new SendQueue(connection.writer, services.limits);
    let speaks: "lines" | "frames" | undefined;
    try {
      speaks = await firstByte(connection, services.limits.greetingDelay);
    } catch (error) {
      if (error instanceof SocketError || error instanceof StreamError) return;
      throw error;
    }
    const { remoteAddress } = connection;
    const address = "address" in remoteAddress ? remoteAddress.address : "";
    const peer = { services, connection, address, queue, signal };
    const hello = speaks === "frames" ? undefined : await serveLines(peer);
    if (speaks === "frames" || hello !== undefined) await serveJsonLines(peer, encodeFrame, hello);
  };
}

/** A connection and what serving it takes. */
export interface TcpPeer {
  readonly services: Services;
  readonly connection: Connection;
  /** Of the client. */
  readonly address: string;
  readonly queue: SendQueue;
  readonly signal: AbortSignal;
}

/** Finds out who vanished without a word, because the network or the machine did. */
function keepAlive({ socket }: Connection): void {
  socket.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1);
  for (const [option, value] of keepAliveTimes) {
    // The kernel's own times are two hours and more.
    if (option !== -1) socket.setsockopt(IPPROTO_TCP, option, value);
  }
}

/** Whoever speaks frames begins at once; a hello that comes later is understood as well. */
async function firstByte({ reader }: Connection, timeout: number): Promise<"lines" | "frames"> {
  try {
    const first = await reader.peek(1, { timeout });
    return first?.[0] === BRACE ? "frames" : "lines";
  } catch (error) {
    if (error instanceof TimeoutError) return "lines";
    throw error;
  }
}
