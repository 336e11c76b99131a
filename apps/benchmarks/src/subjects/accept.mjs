import { asyncio, cEpoll, nodeNet, socketCore, uvloop } from "../contestant.mjs";
import { measureWork } from "../measurement.mjs";

const ours = "@sockeye/socket-core";

const contestants = [cEpoll("accept"), socketCore("accept"), nodeNet("accept"), asyncio("accept"), uvloop("accept")];

/** @type {import("../subject.mjs").Subject} */
export const accept = {
  name: "accept",
  summary: "connections that the server accepts and closes",
  cases: [
    {
      name: "50 connections under way",
      unit: "connection",
      contestants,
      work: { mode: "storm", connections: 50, size: 1, count: 15_000, warmUp: 15_000 },
      measure: measureWork,
      // A loopback handshake costs the client more than the server, so the rate here is soon the load's own: shown, not judged.
      comparisons: [
        { measure: "processor", ours, peer: "node:net", goal: null },
        { measure: "aboveFloor", ours, peer: "node:net", goal: null },
        { measure: "processor", ours, peer: "uvloop streams", goal: null },
        { measure: "rate", ours, peer: "node:net", goal: null },
      ],
    },
    {
      name: "bursts of 500 connections",
      unit: "connection",
      contestants,
      work: { mode: "burst", connections: 500, size: 1, count: 10_000, warmUp: 10_000 },
      measure: measureWork,
      comparisons: [
        { measure: "rate", ours, peer: "node:net", goal: { atLeast: 1.5 } },
        // The same goal in processor time, which repeats: 1 / 1.5.
        { measure: "processor", ours, peer: "node:net", goal: { atMost: 0.67 } },
        { measure: "rate", ours, peer: "uvloop streams", goal: null },
        { measure: "aboveFloor", ours, peer: "node:net", goal: null },
      ],
    },
  ],
  growth: {
    name: "accept and close",
    unit: "connection",
    what: "connections under way",
    sizes: [1, 10, 100],
    contestants: [cEpoll("accept"), socketCore("accept"), nodeNet("accept")],
    work: (connections) => ({ mode: "storm", connections, size: 1, count: 10_000, warmUp: 10_000 }),
    measure: measureWork,
    cost: "processor",
    ours,
    peer: "node:net",
  },
};
