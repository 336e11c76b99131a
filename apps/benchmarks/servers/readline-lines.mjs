import { createServer } from "node:net";
import { createInterface } from "node:readline";

const server = createServer((socket) => {
  const lines = createInterface({ input: socket, crlfDelay: Infinity });
  lines.on("line", (line) => socket.write(`${line}\n`));
  socket.on("error", () => socket.destroy());
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
