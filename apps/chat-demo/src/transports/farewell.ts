/** The end of a TCP connection. */
import type { TcpPeer } from "./tcp.ts";

/** How long an ended connection may take to end on the other side too, in milliseconds. */
const FINISH_TIMEOUT = 1_000;

/** Tells the reason behind what waits (or instead of it) and closes; a client that does not read it in time is cut off. */
export async function farewell(
  { connection, queue, services: { limits } }: TcpPeer,
  goodbye: Uint8Array,
  options: { discard: boolean },
): Promise<void> {
  const timer = setTimeout(() => connection.abort(), limits.dropTimeout);
  await queue.end(goodbye, options);
  clearTimeout(timer);
  // It rejects when the goodbye could not be sent, and then there is nobody to tell.
  await connection.close({ timeout: FINISH_TIMEOUT }).catch(() => {});
}
