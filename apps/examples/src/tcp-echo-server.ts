/**
 * Sends back what arrives, to many clients at a time: where Python starts a thread, here is an async function.
 *
 * Usage: tcp-echo-server [PORT=5001]
 */
import { createServer, type Socket } from "@sockeye/socket-core";
import { portArgument } from "./terminal/port.ts";

const port = portArgument(process.argv[2], 5001);
const clients = new Set<Socket>();

async function echo(client: Socket): Promise<void> {
  for await (const data of client.chunks()) await client.sendAll(data);
}

const server = createServer({ address: "127.0.0.1", port });
console.log("Listening on", server.getsockname());
process.on("SIGINT", () => {
  server.close();
  for (const client of clients) client.close();
});

for await (const { socket } of server) {
  clients.add(socket);
  echo(socket)
    .catch((error) => console.error("Lost a client:", error.message))
    .finally(() => {
      socket.close();
      clients.delete(socket);
    });
}
