import { asyncio, cEpoll, nodeNet, socketCore, uvloop } from "../contestant.mjs";
import { measureWork } from "../measure.mjs";

const ours = "@sockeye/socket-core";

/** @type {import("../subject.mjs").Subject} */
export const accept = {
  name: "accept",
  summary: "connections that the server accepts and closes",
  cases: [
    {
      name: "50 connections under way",
      unit: "connection",
      contestants: [cEpoll("accept"), socketCore("accept"), nodeNet("accept"), asyncio("accept"), uvloop("accept")],
      work: { mode: "storm", connections: 50, size: 1, count: 20_000, warmUp: 5_000 },
      measure: measureWork,
      comparisons: [
        { measure: "rate", ours, peer: "node:net", goal: { atLeast: 1.5 } },
        // The same goal where it repeats: a server on one core accepts as often as its processor time allows.
        { measure: "processor", ours, peer: "node:net", goal: { atMost: 0.67 } },
        { measure: "aboveFloor", ours, peer: "node:net", goal: null },
        { measure: "rate", ours, peer: "uvloop streams", goal: null },
      ],
    },
  ],
  growth: {
    name: "accept and close",
    unit: "connection",
    what: "connections under way",
    sizes: [1, 10, 100],
    contestants: [cEpoll("accept"), socketCore("accept"), nodeNet("accept")],
    work: (connections) => ({ mode: "storm", connections, size: 1, count: 10_000, warmUp: 5_000 }),
    measure: measureWork,
    cost: "processor",
    ours,
    peer: "node:net",
  },
};
