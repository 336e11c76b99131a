/**
 * Answers each client line by line: a reader and a writer for each connection, as asyncio.start_server has them.
 *
 * Usage: asyncio-server [PORT=8888]
 */
import { startServer } from "@sockeye/async-streams";
import { portArgument } from "./terminal/port.ts";

const port = portArgument(process.argv[2], 8888);

const server = await startServer({ address: "127.0.0.1", port }, async ({ reader, writer, remoteAddress }) => {
  for await (const line of reader) {
    console.log("Received", JSON.stringify(line), "from", remoteAddress);
    // Awaiting the write is asyncio's drain(): a client that does not read holds up nobody else.
    await writer.write(`${line.toUpperCase()}\n`);
  }
});
console.log("Listening on", server.address);
process.on("SIGINT", () => void server.close());
