import { asyncio, asyncStreams, cEpoll, nodeNet, socketCore, uvloop } from "../contestant.mjs";
import { measureIdle } from "../measurement.mjs";

/** Two servers of one name are told apart by what they serve. @type {<T extends { name: string }>(contestant: T) => T} */
const withLines = (contestant) => ({ ...contestant, name: `${contestant.name} lines` });

const contestants = [
  cEpoll("echo"),
  socketCore("idle"),
  nodeNet("echo"),
  asyncio("echo"),
  uvloop("echo"),
  withLines(asyncStreams("lines")),
  withLines(nodeNet("lines")),
];

/** @type {(connections: number) => import("../measurement.mjs").Work} */
const work = (connections) => ({ mode: "idle", connections: 50, size: 64, count: connections, warmUp: 10 });

/** @type {import("../subject.mjs").Subject} */
export const idleConnections = {
  name: "idle-connections",
  summary: "memory of connections that echoed one message and then stay open",
  cases: [
    {
      name: "9,000 connections",
      unit: "connection",
      contestants,
      work: work(9_000),
      measure: measureIdle,
      comparisons: [
        { measure: "memoryEach", ours: "@sockeye/socket-core", peer: "node:net", goal: { atMost: 0.5 } },
        { measure: "memoryEach", ours: "@sockeye/async-streams lines", peer: "node:net lines", goal: { atMost: 0.6 } },
        { measure: "memoryEach", ours: "@sockeye/socket-core", peer: "asyncio streams", goal: null },
        { measure: "memoryEach", ours: "@sockeye/socket-core", peer: "uvloop streams", goal: null },
      ],
    },
  ],
  growth: {
    name: "idle",
    unit: "connection",
    what: "connections",
    sizes: [90, 900, 9_000],
    contestants: [cEpoll("echo"), socketCore("idle"), nodeNet("echo")],
    work,
    measure: measureIdle,
    cost: "memoryEach",
    ours: "@sockeye/socket-core",
    peer: "node:net",
  },
};
