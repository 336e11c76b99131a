import { asyncStreams, cEpoll, nodeNet } from "../contestant.mjs";
import { measureWork } from "../measurement.mjs";

const ours = "@sockeye/async-streams";
const contestants = [cEpoll("pipe"), asyncStreams("pipe"), nodeNet("pipe")];
const block = 64 * 1024;
const mebibyte = 2 ** 20 / block;

/** @type {import("../subject.mjs").Subject} */
export const tcpBulk = {
  name: "tcp-bulk",
  summary: "a proxy that pipes one connection into another",
  cases: [
    {
      name: "1 GiB in blocks of 64 KiB",
      unit: "block",
      contestants,
      work: { mode: "bulk", connections: 2, size: block, count: 1024 * mebibyte, warmUp: 256 * mebibyte },
      measure: measureWork,
      comparisons: [
        { measure: "processor", ours, peer: "node:net", goal: { atMost: 0.7 } },
        { measure: "aboveFloor", ours, peer: "node:net", goal: null },
        { measure: "rate", ours, peer: "node:net", goal: null },
        { measure: "memory", ours, peer: "node:net", goal: null },
      ],
    },
  ],
  growth: {
    name: "pipe",
    unit: "block",
    what: "blocks of 64 KiB",
    // 10 MiB, 100 MiB and 1,000 MiB: memory must not grow with them.
    sizes: [10, 100, 1000].map((size) => size * mebibyte),
    contestants,
    work: (count) => ({ mode: "bulk", connections: 2, size: block, count, warmUp: 10 * mebibyte }),
    measure: measureWork,
    cost: "processor",
    ours,
    peer: "node:net",
  },
};
