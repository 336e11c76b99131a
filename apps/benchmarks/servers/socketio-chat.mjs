import { createServer } from "node:http";
import { Server } from "socket.io";

// The same room on socket.io, over WebSocket from the start.
const http = createServer();
const io = new Server(http, { transports: ["websocket"], pingInterval: 600_000, serveClient: false });
let id = 0;
io.on("connection", (socket) => {
  const from = `guest-${++id}`;
  socket.join("lobby");
  socket.on("say", (text) => io.to("lobby").emit("said", { room: "lobby", from, text, id: ++id, time: Date.now() }));
});
http.listen(0, "127.0.0.1", () => console.log(http.address().port));
