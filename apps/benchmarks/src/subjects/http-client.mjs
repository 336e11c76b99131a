import { clients, measureRequests } from "../requests.mjs";

const ours = "@sockeye/http-client";

/** @type {(way: import("../requests.mjs").Way) => import("../contestant.mjs").Contestant[]} */
const contestants = (way) => clients.map((client) => client(way));

/**
 * A goal for a rate is also one for the processor time that it takes; the second repeats on a machine that does other things too.
 *
 * @param {string} peer
 * @param {number | null} times how many times the peer's rate
 * @returns {import("../comparison.mjs").Comparison[]}
 */
const against = (peer, times) => [
  { measure: "rate", ours, peer, goal: times === null ? null : { atLeast: times } },
  { measure: "processor", ours, peer, goal: times === null ? null : { atMost: Math.round(1000 / times) / 1000 } },
];

/** @type {import("../subject.mjs").Subject} */
export const httpClient = {
  name: "http-client",
  summary: "requests to one server over connections that are kept",
  cases: [
    {
      name: "GET a small JSON, 50 at a time",
      unit: "request",
      contestants: contestants("get"),
      // Long to warm up: V8 goes on compiling for some 20,000 requests.
      work: { mode: "requests", connections: 50, size: 0, count: 15_000, warmUp: 20_000 },
      measure: measureRequests,
      comparisons: [
        ...against("undici.request", 1.1),
        { measure: "aboveFloor", ours, peer: "undici.request", goal: null },
        ...against("undici fetch", 4),
        ...against("axios", 8),
        ...against("got", 10),
        ...against("ky", null),
        ...against("Python requests", 10),
      ],
    },
    {
      name: "POST a small JSON, 50 at a time",
      unit: "request",
      contestants: contestants("post"),
      work: { mode: "requests", connections: 50, size: 0, count: 10_000, warmUp: 15_000 },
      measure: measureRequests,
      comparisons: ["undici.request", "undici fetch", "axios", "got", "ky", "Python requests"].map((peer) => ({
        measure: "processor",
        ours,
        peer,
        goal: null,
      })),
    },
    {
      name: "GET 1 MiB, 10 at a time",
      unit: "request",
      contestants: contestants("body"),
      work: { mode: "requests", connections: 10, size: 2 ** 20, count: 800, warmUp: 200 },
      measure: measureRequests,
      comparisons: ["undici.request", "undici fetch", "axios", "got", "ky", "Python requests"].map((peer) => ({
        measure: "processor",
        ours,
        peer,
        goal: null,
      })),
    },
    {
      name: "GET 1 GiB as a stream",
      unit: "MiB",
      contestants: contestants("stream"),
      work: { mode: "requests", connections: 1, size: 2 ** 30, count: 1024, warmUp: 256 },
      measure: measureRequests,
      comparisons: [
        ...against("undici.request", 0.95),
        { measure: "memory", ours, peer: "undici.request", goal: null },
        ...["undici fetch", "axios", "got", "ky", "Python requests"].map((peer) => ({
          measure: /** @type {const} */ ("processor"),
          ours,
          peer,
          goal: null,
        })),
      ],
    },
  ],
  growth: {
    name: "GET a small JSON",
    unit: "request",
    what: "requests at a time",
    sizes: [1, 10, 100],
    contestants: contestants("get").slice(0, 3),
    work: (connections) => ({ mode: "requests", connections, size: 0, count: 10_000, warmUp: 15_000 }),
    measure: measureRequests,
    cost: "processor",
    ours,
    peer: "undici.request",
  },
};
