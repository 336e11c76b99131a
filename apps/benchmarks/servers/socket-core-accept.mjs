import { createServer } from "@sockeye/socket-core";

const server = createServer({ address: "127.0.0.1", port: 0 }, { backlog: 1024 });
console.log(server.getsockname().port);
for await (const { socket } of server) socket.close();
