/**
 * Sends a datagram until it is answered: over UDP, either of the two may get lost.
 *
 * Usage: udp-echo-client [PORT=12345] [MESSAGE]
 */
import { TimeoutError } from "@sockeye/socket-core";
import { connect } from "@sockeye/udp";
import { portArgument } from "./terminal/port.ts";

const port = portArgument(process.argv[2], 12345);
const message = process.argv[3] ?? "Hello, World!";

const client = await connect({ address: "127.0.0.1", port });
for (let attempt = 1; attempt <= 5; attempt++) {
  await client.send(message);
  try {
    const { data } = await client.receive({ timeout: 1_000 });
    console.log(data.toString());
    break;
  } catch (error) {
    if (!(error instanceof TimeoutError) || attempt === 5) throw error;
    console.log("No answer, asking again");
  }
}
await client.close();
