import { startServer } from "@sockeye/async-streams";

const server = await startServer({ address: "127.0.0.1", port: 0 }, async ({ reader, writer }) => {
  let count = 0;
  for (let lines = await reader.readLines(); lines !== null; lines = await reader.readLines()) {
    for (const line of lines) {
      if (line !== "") {
        count++;
      } else {
        await writer.write(`${count}\n`);
        count = 0;
      }
    }
  }
});
console.log(server.address.port);
