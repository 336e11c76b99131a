/**
 * Answers each datagram to whoever sent it.
 *
 * Usage: udp-echo-server [PORT=12345]
 */
import { bind } from "@sockeye/udp";
import { portArgument } from "./terminal/port.ts";

const port = portArgument(process.argv[2], 12345);

const server = await bind({ address: "127.0.0.1", port });
console.log("Listening on", server.address);
process.on("SIGINT", () => server.close());

for await (const { data, from } of server) {
  console.log("Received", data.toString(), "from", from);
  // Not awaited: a failure, if there is one, comes again at the next call.
  void server.send(`Server received: ${data}`, from);
}
