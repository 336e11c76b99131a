/** Datagrams to a port of this machine, at a pace and with an end. */
import { AF_INET, SendBatch, SOCK_DGRAM, Socket } from "@sockeye/socket-core";

/** Batches in a row; a batch is 64 datagrams. */
const MAX_BURST = 4;

/**
 * Sends `count` datagrams of `size` bytes to a port of `address` that nobody reads, `rate` a second as far as the
 * machine can, and resolves to how many were sent.
 */
export async function flood(address: string, count: number, rate: number, size = 100): Promise<number> {
  const sink = new Socket(AF_INET, SOCK_DGRAM);
  const socket = new Socket(AF_INET, SOCK_DGRAM);
  sink.bind({ address, port: 0 });
  const { port } = sink.getsockname() as { port: number };
  await socket.connect({ address, port });
  const batch = new SendBatch(AF_INET);
  while (batch.add(new Uint8Array(size)));
  const begun = performance.now();
  let sent = 0;
  while (sent < count) {
    const due = Math.min(count, ((performance.now() - begun) / 1000) * rate);
    // In small bursts: the loopback has a queue of its own, which drops before anyone can capture.
    for (let burst = 0; burst < MAX_BURST && sent < due; burst++) {
      const took = socket.trySendMany(batch);
      if (took === null) break;
      sent += took;
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  socket.close();
  sink.close();
  return sent;
}
