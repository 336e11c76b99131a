import { createServer } from "node:net";

const server = createServer((socket) => {
  socket.on("error", () => {});
  socket.destroy();
});
server.listen({ host: "127.0.0.1", port: 0, backlog: 1024 }, () => console.log(server.address().port));
