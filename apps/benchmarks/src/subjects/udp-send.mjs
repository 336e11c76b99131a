import { inC, measureSending, program } from "../datagrams.mjs";

const one = program("@sockeye/udp send", "udp-send.mjs", "one");
const many = program("@sockeye/udp sendMany", "udp-send.mjs", "many");
const segments = program("@sockeye/udp sendSegments", "udp-send.mjs", "segments");
const dgram = program("node:dgram", "dgram-send.mjs", "run");
const sendmmsg = inC("C sendmmsg", "send");

/** @type {import("../subject.mjs").Subject["cases"][number]["comparisons"]} */
const comparisons = [
  { measure: "rate", ours: segments.name, peer: dgram.name, goal: { atLeast: 4 } },
  { measure: "rate", ours: one.name, peer: dgram.name, goal: { atLeast: 1.15 } },
  { measure: "rate", ours: many.name, peer: dgram.name, goal: null },
  { measure: "processor", ours: segments.name, peer: dgram.name, goal: { atMost: 0.25 } },
  { measure: "processor", ours: one.name, peer: dgram.name, goal: { atMost: 0.87 } },
  { measure: "processor", ours: many.name, peer: sendmmsg.name, goal: null },
];

/** @type {import("../subject.mjs").Subject} */
export const udpSend = {
  name: "udp-send",
  summary: "datagrams from one connected sender",
  cases: [64, 1200].map((size) => ({
    name: `${size} B`,
    unit: "datagram",
    contestants: [sendmmsg, one, many, segments, dgram],
    work: { mode: "datagrams", connections: 1, size, count: 400_000, warmUp: 200_000 },
    measure: measureSending,
    comparisons,
  })),
  growth: {
    name: "one by one",
    unit: "datagram",
    what: "bytes a datagram",
    sizes: [14, 140, 1400],
    contestants: [sendmmsg, one, dgram],
    work: (size) => ({ mode: "datagrams", connections: 1, size, count: 200_000, warmUp: 200_000 }),
    measure: measureSending,
    cost: "processor",
    ours: one.name,
    peer: dgram.name,
  },
};
