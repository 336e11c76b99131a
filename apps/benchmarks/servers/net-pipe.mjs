import { createServer } from "node:net";
import { pipeline } from "node:stream";

// Each connection waits for the next one, and the two are piped into each other.
let waiting;
const server = createServer((socket) => {
  socket.on("error", () => socket.destroy());
  if (waiting === undefined) {
    waiting = socket;
  } else {
    const first = waiting;
    waiting = undefined;
    pipeline(first, socket, () => {});
    pipeline(socket, first, () => {});
  }
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
