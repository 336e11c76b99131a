/**
 * Says hello to one client after the other: Python's socket, bind, listen, accept.
 *
 * Usage: tcp-hello-server [PORT=5000]
 */
import { AF_INET, SO_REUSEADDR, SOCK_STREAM, SOL_SOCKET, Socket } from "@sockeye/socket-core";
import { portArgument } from "./terminal/port.ts";

const port = portArgument(process.argv[2], 5000);

const server = new Socket(AF_INET, SOCK_STREAM);
server.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1);
server.bind({ address: "127.0.0.1", port });
server.listen();
console.log("Listening on", server.getsockname());
process.on("SIGINT", () => server.close());

for await (const { socket, address } of server) {
  console.log("Connection from", address);
  try {
    await socket.sendAll("Hello from the server!\n");
  } catch (error) {
    console.error("The client is gone:", error);
  }
  socket.close();
}
