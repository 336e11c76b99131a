/** asyncio.open_connection: sends a line and waits for the answer. */
import { openConnection } from "@sockeye/async-streams";

const port = Number(process.argv[2] ?? 8888);
const message = process.argv[3] ?? "Hello, World!";

const connection = await openConnection({ host: "127.0.0.1", port }, { timeout: 5_000 });
const { reader, writer } = connection;
await writer.write(`${message}\n`);
console.log("Received", JSON.stringify(await reader.readLine({ timeout: 5_000 })));
await connection.close();
