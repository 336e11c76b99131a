import { startServer } from "@sockeye/async-streams";

const server = await startServer({ address: "127.0.0.1", port: 0 }, async ({ reader, writer }) => {
  for await (const line of reader) await writer.write(`${line}\n`);
});
console.log(server.address.port);
