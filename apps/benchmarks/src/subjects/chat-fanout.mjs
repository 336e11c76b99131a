import { chat, measureFanout } from "../fanout.mjs";

const lines = chat("chat-demo lines", "lines", "chat.mjs", "lines");
const webSocket = chat("chat-demo WebSocket", "websocket", "chat.mjs", "websocket");
const ws = chat("ws", "websocket", "ws-chat.mjs");
const socketIo = chat("socket.io", "socketio", "socketio-chat.mjs");

/** @type {(connections: number) => import("../measurement.mjs").Work} */
const work = (connections) => ({ mode: "fanout", connections, size: 64, count: 360_000, warmUp: 36_000 });

/** @type {import("../subject.mjs").Subject} */
export const chatFanout = {
  name: "chat-fanout",
  summary: "a room of a chat in which one talks and all hear it",
  cases: [
    {
      name: "64 B × 9,000 clients",
      unit: "delivery",
      contestants: [lines, webSocket, ws, socketIo],
      work: work(9_000),
      measure: measureFanout,
      comparisons: [
        // Deliveries per processor second, twice and four times those of the peers.
        { measure: "processor", ours: lines.name, peer: ws.name, goal: { atMost: 0.5 } },
        { measure: "processor", ours: lines.name, peer: socketIo.name, goal: { atMost: 0.25 } },
        { measure: "processor", ours: webSocket.name, peer: ws.name, goal: null },
        { measure: "processor", ours: webSocket.name, peer: socketIo.name, goal: null },
        { measure: "memoryEach", ours: lines.name, peer: ws.name, goal: null },
        { measure: "memoryEach", ours: webSocket.name, peer: ws.name, goal: null },
        { measure: "rate", ours: lines.name, peer: ws.name, goal: null },
      ],
    },
  ],
  growth: {
    name: "64 B",
    unit: "delivery",
    what: "clients",
    sizes: [90, 900, 9_000],
    contestants: [lines, ws],
    work,
    measure: measureFanout,
    cost: "processor",
    ours: lines.name,
    peer: ws.name,
  },
};
