import { createServer } from "@sockeye/socket-core";

async function echo(socket) {
  const buffer = Buffer.allocUnsafe(64 * 1024);
  try {
    for (let length = await socket.recvInto(buffer); length > 0; length = await socket.recvInto(buffer)) {
      await socket.sendAll(buffer.subarray(0, length));
    }
  } finally {
    socket.close();
  }
}

const server = createServer({ address: "127.0.0.1", port: 0 });
console.log(server.getsockname().port);
for await (const { socket } of server) echo(socket).catch(console.error);
