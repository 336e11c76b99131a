import { asyncio, asyncStreams, cEpoll, nodeNet, nodeReadline, readLines, uvloop } from "../contestant.mjs";
import { measureWork } from "../measurement.mjs";

const ours = "@sockeye/async-streams";
const together = readLines().name;

/** @type {(service: "lines" | "count") => import("../contestant.mjs").Contestant[]} */
const contestants = (service) => [
  cEpoll(service),
  asyncStreams(service),
  nodeNet(service),
  nodeReadline(service),
  asyncio(service),
  uvloop(service),
];

/** @type {import("../subject.mjs").Subject} */
export const lines = {
  name: "lines",
  summary: "a server that reads line by line: echoed to many connections, counted from one",
  cases: [
    {
      name: "64 B × 50 connections",
      unit: "line",
      contestants: contestants("lines"),
      work: { mode: "echo", connections: 50, size: 64, count: 60_000, warmUp: 15_000 },
      measure: measureWork,
      comparisons: [
        { measure: "aboveFloor", ours, peer: "node:net", goal: { atMost: 1 } },
        { measure: "processor", ours, peer: "node:readline", goal: { atMost: 0.6 } },
        { measure: "aboveFloor", ours, peer: "node:readline", goal: null },
        { measure: "processor", ours, peer: "asyncio streams", goal: { atMost: 0.4 } },
        { measure: "processor", ours, peer: "uvloop streams", goal: { atMost: 1 } },
        { measure: "rate", ours, peer: "node:net", goal: null },
      ],
    },
    {
      name: "100 B out of one connection",
      unit: "line",
      contestants: [...contestants("count"), readLines()],
      work: { mode: "count", connections: 1, size: 100, count: 1_500_000, warmUp: 300_000 },
      measure: measureWork,
      comparisons: [
        { measure: "rate", ours: together, peer: "node:readline", goal: { atLeast: 4 } },
        // The same goal in processor time, which repeats.
        { measure: "processor", ours: together, peer: "node:readline", goal: { atMost: 0.25 } },
        { measure: "rate", ours, peer: "node:readline", goal: null },
        { measure: "processor", ours, peer: "node:readline", goal: null },
        { measure: "processor", ours, peer: "node:net", goal: null },
        { measure: "processor", ours, peer: "asyncio streams", goal: null },
        { measure: "processor", ours, peer: "uvloop streams", goal: null },
      ],
    },
  ],
  growth: {
    name: "64 B",
    unit: "line",
    what: "connections",
    sizes: [5, 50, 500],
    contestants: [cEpoll("lines"), asyncStreams("lines"), nodeNet("lines")],
    work: (connections) => ({ mode: "echo", connections, size: 64, count: 40_000, warmUp: 15_000 }),
    measure: measureWork,
    cost: "processor",
    ours,
    peer: "node:net",
  },
};
