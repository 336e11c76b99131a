/**
 * Connects and prints what the server says until it ends: Python's socket, connect, recv.
 *
 * Usage: tcp-hello-client [PORT=5000]
 */
import { AF_INET, SOCK_STREAM, Socket } from "@sockeye/socket-core";
import { portArgument } from "./terminal/port.ts";

const port = portArgument(process.argv[2], 5000);

const socket = new Socket(AF_INET, SOCK_STREAM);
await socket.connect({ host: "127.0.0.1", port });
for (let data = await socket.recv(); data !== null; data = await socket.recv()) {
  process.stdout.write(data);
}
socket.close();
