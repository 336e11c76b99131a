/**
 * Sends a line and prints the answer: asyncio.open_connection.
 *
 * Usage: asyncio-client [PORT=8888] [MESSAGE]
 */
import { openConnection } from "@sockeye/async-streams";
import { portArgument } from "./terminal/port.ts";

const port = portArgument(process.argv[2], 8888);
const message = process.argv[3] ?? "Hello, World!";

const connection = await openConnection({ host: "127.0.0.1", port }, { timeout: 5_000 });
const { reader, writer } = connection;
await writer.write(`${message}\n`);
console.log("Received", JSON.stringify(await reader.readLine({ timeout: 5_000 })));
await connection.close();
