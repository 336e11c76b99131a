import { WebSocketServer } from "ws";

// A room on ws, with the frames of our chat: the message becomes bytes once, and ws makes a frame for each client.
const server = new WebSocketServer({ host: "127.0.0.1", port: 0, path: "/chat", perMessageDeflate: false });
// As long as the ids of our chat, whose clients are guest-1 and so on as well.
let id = Date.now() * 1_000;
let guests = 0;
server.on("connection", (socket) => {
  const from = `guest-${++guests}`;
  socket.on("error", () => socket.terminate());
  socket.on("message", (data) => {
    const { type, text } = JSON.parse(data);
    if (type === "hello") {
      socket.send(JSON.stringify({ type: "history", room: "lobby", messages: [], more: false }));
    } else if (type === "line") {
      const message = { type: "said", room: "lobby", from, text, id: ++id, time: Date.now() };
      const bytes = Buffer.from(JSON.stringify(message));
      for (const client of server.clients) client.send(bytes, { binary: false });
    }
  });
});
server.on("listening", () => console.log(server.address().port));
