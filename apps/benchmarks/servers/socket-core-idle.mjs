import { createServer } from "@sockeye/socket-core";

// An echo for many connections that are mostly quiet: none of them holds a buffer while it waits.
async function echo(socket) {
  try {
    for await (const chunk of socket.chunks()) await socket.sendAll(chunk);
  } finally {
    socket.close();
  }
}

const server = createServer({ address: "127.0.0.1", port: 0 });
console.log(server.getsockname().port);
for await (const { socket } of server) echo(socket).catch(console.error);
