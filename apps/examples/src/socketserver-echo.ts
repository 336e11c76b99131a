/** Python's socketserver.ThreadingTCPServer: a handler for each connection, limits, and a graceful end. */
import { createServer, serve } from "@sockeye/socket-core";

const port = Number(process.argv[2] ?? 9999);

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
