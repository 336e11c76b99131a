/**
 * A server in each worker thread on one port, SO_REUSEPORT: each accepts for itself, and the kernel spreads the load.
 *
 * Usage: reuse-port-server [PORT=5002] [WORKERS]
 */
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { isMainThread, parentPort, threadId, Worker, workerData } from "node:worker_threads";
import { createServer, serve } from "@sockeye/socket-core";
import { portArgument } from "./terminal/port.ts";

/** Each takes memory and a thread. */
const MAX_WORKERS = 256;

if (isMainThread) await main();
else work(workerData.port);

async function main(): Promise<void> {
  const count = Number(process.argv[3] ?? Math.min(availableParallelism(), MAX_WORKERS));
  if (!(Number.isInteger(count) && count >= 1 && count <= MAX_WORKERS))
    throw new RangeError(`WORKERS must be a whole number from 1 to ${MAX_WORKERS}, got ${process.argv[3]}`);
  let port = portArgument(process.argv[2], 5002);
  const workers: Worker[] = [];
  process.on("SIGINT", () => {
    for (const worker of workers) worker.postMessage("close");
  });
  while (workers.length < count) {
    const worker = new Worker(new URL(import.meta.url), { workerData: { port } });
    workers.push(worker);
    const [address] = await once(worker, "message");
    // Port 0 is one of the kernel's choice for the first, and the same for the others.
    port = address.port;
    console.log(`Worker ${workers.length} of ${count} is listening on`, address);
  }
}

function work(port: number): void {
  const server = serve(
    createServer({ address: "127.0.0.1", port }, { reusePort: true }),
    async ({ socket }) => {
      await socket.sendAll(`Hello from worker ${threadId}!\n`);
    },
    { onError: (error) => console.error("A handler failed:", error) },
  );
  parentPort?.once("message", () => void server.close({ grace: 2_000 }));
  parentPort?.postMessage(server.address);
}
