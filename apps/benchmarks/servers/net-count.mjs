import { createServer } from "node:net";

const server = createServer((socket) => {
  let rest = "";
  let count = 0;
  socket.setEncoding("utf8");
  socket.on("data", (text) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      if (line !== "") {
        count++;
      } else {
        socket.write(`${count}\n`);
        count = 0;
      }
    }
  });
  socket.on("error", () => socket.destroy());
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
