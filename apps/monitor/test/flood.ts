/** Datagrams to a port of this machine, at a pace and with an end. */
import { AF_INET, SendBatch, SOCK_DGRAM, Socket } from "@sockeye/socket-core";

/**
 * Sends `count` datagrams of `size` bytes to a port of the loopback that nobody reads, `rate` a second as far as the
 * machine can, and resolves to how many were sent.
 */
export async function flood(count: number, rate: number, size = 100): Promise<number> {
  const sink = new Socket(AF_INET, SOCK_DGRAM);
  const socket = new Socket(AF_INET, SOCK_DGRAM);
  sink.bind({ address: "127.0.0.1", port: 0 });
  const { port } = sink.getsockname() as { port: number };
  await socket.connect({ address: "127.0.0.1", port });
  const batch = new SendBatch(AF_INET);
  while (batch.add(new Uint8Array(size)));
  const begun = performance.now();
  let sent = 0;
  while (sent < count) {
    const due = Math.min(count, ((performance.now() - begun) / 1000) * rate);
    while (sent < due) {
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
