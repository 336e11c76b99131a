/**
 * Sends back what arrives, with limits and a graceful end: Python's socketserver.ThreadingTCPServer.
 *
 * Usage: socketserver-echo [PORT=9999]
 */
import { createServer, serve } from "@sockeye/socket-core";
import { portArgument } from "./terminal/port.ts";

const port = portArgument(process.argv[2], 9999);

const server = serve(
  createServer({ address: "127.0.0.1", port }),
  async ({ socket, address }) => {
    console.log("Connection from", address);
    for await (const data of socket.chunks()) await socket.sendAll(data);
    // When the handler is done, or throws, its connection is closed.
  },
  {
    maxConnections: 1_000,
    onError: (error) => console.error("A handler failed:", error),
  },
);
console.log("Listening on", server.address);
// Nobody new from now on; who is here has two seconds.
process.on("SIGINT", () => void server.close({ grace: 2_000 }));
