import { createServer } from "node:net";
import { createInterface } from "node:readline";

const server = createServer((socket) => {
  let count = 0;
  const lines = createInterface({ input: socket, crlfDelay: Infinity });
  lines.on("line", (line) => {
    if (line !== "") {
      count++;
    } else {
      socket.write(`${count}\n`);
      count = 0;
    }
  });
  socket.on("error", () => socket.destroy());
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
