import { createServer } from "node:http";
import { Server } from "socket.io";

// The same room on socket.io, over WebSocket from the start.
const http = createServer();
const io = new Server(http, { transports: ["websocket"], pingInterval: 600_000, serveClient: false });
// As long as the ids of our chat, whose clients are guest-1 and so on as well.
let id = Date.now() * 1_000;
let guests = 0;
io.on("connection", (socket) => {
  const from = `guest-${++guests}`;
  socket.join("lobby");
  socket.on("say", (text) => io.to("lobby").emit("said", { room: "lobby", from, text, id: ++id, time: Date.now() }));
});
http.listen(0, "127.0.0.1", () => console.log(http.address().port));
