import { asyncio, asyncioProtocol, cEpoll, nodeNet, socketCore, uvloop, uvloopProtocol } from "../contestant.mjs";
import { measureWork } from "../measurement.mjs";

const ours = "@sockeye/socket-core";

/** @type {import("../subject.mjs").Subject["cases"][number]["comparisons"]} */
const comparisons = [
  { measure: "aboveFloor", ours, peer: "node:net", goal: { atMost: 0.7 } },
  { measure: "processor", ours, peer: "node:net", goal: null },
  { measure: "processor", ours, peer: "uvloop protocol", goal: null },
  { measure: "rate", ours, peer: "node:net", goal: null },
  { measure: "rate", ours, peer: "asyncio streams", goal: { atLeast: 2.5 } },
  { measure: "rate", ours, peer: "uvloop protocol", goal: { atLeast: 1 } },
];

const contestants = [
  cEpoll("echo"),
  socketCore("echo"),
  nodeNet("echo"),
  asyncio("echo"),
  uvloop("echo"),
  asyncioProtocol(),
  uvloopProtocol(),
];

/** @type {import("../subject.mjs").Subject} */
export const tcpEcho = {
  name: "tcp-echo",
  summary: "a TCP echo server, one message under way on each connection",
  cases: [
    { name: "64 B × 50 connections", size: 64, count: 60_000 },
    { name: "16 KiB × 50 connections", size: 16 * 1024, count: 40_000 },
  ].map(({ name, size, count }) => ({
    name,
    unit: "message",
    contestants,
    work: { mode: "echo", connections: 50, size, count, warmUp: 15_000 },
    measure: measureWork,
    comparisons,
  })),
  growth: {
    name: "64 B",
    unit: "message",
    what: "connections",
    sizes: [5, 50, 500],
    contestants: [cEpoll("echo"), socketCore("echo"), nodeNet("echo")],
    work: (connections) => ({ mode: "echo", connections, size: 64, count: 40_000, warmUp: 15_000 }),
    measure: measureWork,
    cost: "processor",
    ours,
    peer: "node:net",
  },
};
