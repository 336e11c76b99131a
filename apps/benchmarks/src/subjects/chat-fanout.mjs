import { chatServers, measureFanout } from "../fanout.mjs";

const ours = "@sockeye/chat-demo";
const peers = [
  { peer: "ws", times: 2 },
  { peer: "socket.io", times: 4 },
];

/** @type {(connections: number, messages: number, slow?: number, size?: number) => import("../fanout.mjs").FanoutWork} */
const work = (connections, messages, slow = 0, size = 64) => ({
  mode: "chat",
  connections,
  size,
  slow,
  count: messages,
  warmUp: Math.ceil(messages / 5),
});

/** @type {import("../subject.mjs").Subject} */
export const chatFanout = {
  name: "chat-fanout",
  summary: "a chat with everybody in one room: what a message costs at each who hears it, and memory",
  cases: [
    {
      name: "64 B to 9,000 clients",
      unit: "receipt",
      contestants: chatServers,
      work: work(9_000, 50),
      measure: measureFanout,
      comparisons: [
        // So many times the deliveries of a second of processor time.
        ...peers.map(({ peer, times }) => ({
          measure: /** @type {const} */ ("processor"),
          ours,
          peer,
          goal: { atMost: 1 / times },
        })),
        ...peers.map(({ peer }) => ({ measure: /** @type {const} */ ("rate"), ours, peer, goal: null })),
        ...peers.map(({ peer }) => ({
          measure: /** @type {const} */ ("memoryEach"),
          ours,
          peer,
          goal: null,
          unit: "client",
        })),
        { measure: "processor", ours: `${ours} on WebSocket`, peer: "ws", goal: null },
        { measure: "memoryEach", ours: `${ours} on WebSocket`, peer: "ws", goal: null, unit: "client" },
      ],
    },
    {
      name: "1,000 B to 300 clients, 3 of which never read",
      unit: "receipt",
      contestants: chatServers,
      work: work(300, 6_000, 3, 1_000),
      measure: measureFanout,
      comparisons: peers.flatMap(({ peer }) => [
        { measure: /** @type {const} */ ("memory"), ours, peer, goal: null },
        { measure: /** @type {const} */ ("processor"), ours, peer, goal: null },
      ]),
    },
  ],
  growth: {
    name: "64 B",
    unit: "receipt",
    what: "clients",
    sizes: [90, 900, 9_000],
    contestants: chatServers.filter(({ name }) => name === ours || name === "ws"),
    work: (clients) => work(clients, Math.max(30, 90_000 / clients)),
    measure: measureFanout,
    cost: "processor",
    ours,
    peer: "ws",
  },
};
