import { inC, measureBoth, measureReceiving, program } from "../datagrams.mjs";

const one = program("@sockeye/udp for await", "udp-receive.mjs", "one");
const many = program("@sockeye/udp receiveMany", "udp-receive.mjs", "many");
const coalescing = program("@sockeye/udp with GRO", "udp-receive.mjs", "coalescing");
const dgram = program("node:dgram", "dgram-receive.mjs");
const recvmmsg = inC("C recvmmsg", "receive");

/** @type {import("../subject.mjs").Subject["cases"][number]["comparisons"]} */
const comparisons = [
  { measure: "rate", ours: many.name, peer: dgram.name, goal: { atLeast: 1.15 } },
  { measure: "processor", ours: many.name, peer: dgram.name, goal: { atMost: 0.87 } },
  { measure: "rate", ours: many.name, peer: recvmmsg.name, goal: { atLeast: 0.95 } },
  { measure: "processor", ours: many.name, peer: recvmmsg.name, goal: { atMost: 1.05 } },
  { measure: "rate", ours: one.name, peer: dgram.name, goal: null },
  { measure: "rate", ours: coalescing.name, peer: dgram.name, goal: null },
];

/** @type {import("../subject.mjs").Subject["cases"]} */
const flooded = [64, 1200].map((size) => ({
  name: `${size} B`,
  unit: "datagram",
  contestants: [recvmmsg, many, one, coalescing, dgram],
  work: { mode: "datagrams", connections: 1, size, count: 400_000, warmUp: 200_000 },
  measure: measureReceiving(),
  comparisons,
}));

/** @type {import("../subject.mjs").Subject["cases"]} */
const bothEnds = [64, 1200].map((size) => ({
  name: `both ends, ${size} B`,
  unit: "datagram",
  contestants: [coalescing, dgram],
  work: { mode: "datagrams", connections: 1, size, count: 400_000, warmUp: 200_000 },
  measure: measureBoth({ [coalescing.name]: ["udp-send.mjs", "flood"], [dgram.name]: ["dgram-send.mjs", "flood"] }),
  comparisons: [
    { measure: "rate", ours: coalescing.name, peer: dgram.name, goal: { atLeast: 8 } },
    // The same goal in processor time, which repeats.
    { measure: "processor", ours: coalescing.name, peer: dgram.name, goal: { atMost: 0.125 } },
  ],
}));

/** @type {import("../subject.mjs").Subject} */
export const udpReceive = {
  name: "udp-receive",
  summary: "datagrams at one receiver that is sent more than it can take",
  cases: [...flooded, ...bothEnds],
  growth: {
    name: "in batches",
    unit: "datagram",
    what: "bytes a datagram",
    sizes: [14, 140, 1400],
    contestants: [recvmmsg, many, dgram],
    work: (size) => ({ mode: "datagrams", connections: 1, size, count: 200_000, warmUp: 200_000 }),
    measure: measureReceiving(),
    cost: "processor",
    ours: many.name,
    peer: dgram.name,
  },
};
