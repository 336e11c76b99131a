import { WebSocketServer } from "ws";

// The chat as its README would begin: everybody in one room, text in, JSON out.
const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
let people = 0;
server.on("connection", (socket) => {
  const nick = `guest-${++people}`;
  socket.on("error", () => {});
  socket.on("message", (text) => {
    const said = JSON.stringify({ type: "said", from: nick, text: String(text) });
    for (const other of server.clients) {
      if (other !== socket && other.readyState === other.OPEN) other.send(said);
    }
  });
});
server.on("listening", () => console.log(server.address().port));
