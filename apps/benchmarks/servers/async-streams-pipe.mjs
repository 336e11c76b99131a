import { pipe, startServer } from "@sockeye/async-streams";

// Each connection waits for the next one, and the two are piped into each other.
let waiting;
const server = await startServer({ address: "127.0.0.1", port: 0 }, async (connection) => {
  if (waiting === undefined) {
    await new Promise((resolve) => {
      waiting = { connection, resolve };
    });
  } else {
    const { connection: first, resolve } = waiting;
    waiting = undefined;
    await pipe(first, connection).finally(resolve);
  }
});
console.log(server.address.port);
