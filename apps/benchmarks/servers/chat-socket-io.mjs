import { createServer } from "node:http";
import { Server } from "socket.io";

// The chat as its documentation has it: a room, and an event for each message.
const web = createServer();
// The load does not answer pings while nobody speaks.
const server = new Server(web, { transports: ["websocket"], serveClient: false, pingInterval: 600_000 });
let people = 0;
server.on("connection", (socket) => {
  const nick = `guest-${++people}`;
  socket.join("lobby");
  socket.on("say", (text) => socket.to("lobby").emit("said", { from: nick, text: String(text) }));
});
web.listen(0, "127.0.0.1", () => console.log(web.address().port));
