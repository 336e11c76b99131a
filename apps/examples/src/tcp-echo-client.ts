/**
 * Sends each line that is typed, and prints what comes back.
 *
 * Usage: tcp-echo-client [PORT=5001]
 */
import { createInterface } from "node:readline/promises";
import { createConnection } from "@sockeye/socket-core";
import { portArgument } from "./terminal/port.ts";

const port = portArgument(process.argv[2], 5001);

const socket = await createConnection({ host: "127.0.0.1", port }, { timeout: 5_000 });
console.log("Connected to", socket.getpeername(), "- type lines, end with Ctrl-D");

const input = createInterface({ input: process.stdin });
process.on("SIGINT", () => process.exit());
const buffer = new Uint8Array(65_536);
for await (const line of input) {
  const message = Buffer.from(`${line}\n`);
  await socket.sendAll(message);
  // A stream keeps no borders between messages: what was sent at once may come back in pieces.
  for (let received = 0; received < message.length; ) {
    const count = await socket.recvInto(buffer);
    if (count === 0) throw new Error("The server ended the connection");
    process.stdout.write(buffer.slice(0, count));
    received += count;
  }
}
socket.close();
