import { join } from "node:path";
import { Child } from "./child.mjs";
import { compiled } from "./compiler.mjs";
import { floor } from "./contestant.mjs";
import { cores } from "./measurement.mjs";
import { python } from "./python.mjs";
import { residentMemory, usage, usageBetween } from "./usage.mjs";

/**
 * @typedef {import("./contestant.mjs").Contestant} Contestant
 * @typedef {import("./measurement.mjs").Sample} Sample
 * @typedef {import("./measurement.mjs").Work} Work
 * @typedef {"get" | "post" | "body" | "stream"} Way
 */

const servers = join(import.meta.dirname, "..", "servers");

/** @type {(name: string, file: string) => (way: Way) => Contestant} */
const onNode = (name, file) => (way) => ({ name, command: () => [process.execPath, join(servers, file), way] });

/** The client under all others: epoll, and an answer is complete when so many bytes have come. */
const inC = (/** @type {Way} */ way) => {
  const path = { get: "/json", post: "/json", body: "/body", stream: "/stream" }[way];
  return { name: floor, command: () => [compiled("http"), way === "post" ? "post" : "get", path] };
};

/** Who takes part, ours first after the floor. */
export const clients = [
  inC,
  onNode("@sockeye/http-client", "http-sockeye.mjs"),
  onNode("undici.request", "http-undici.mjs"),
  onNode("undici fetch", "http-fetch.mjs"),
  onNode("axios", "http-axios.mjs"),
  onNode("got", "http-got.mjs"),
  onNode("ky", "http-ky.mjs"),
  (/** @type {Way} */ way) => ({
    name: "Python requests",
    command: () => [python, join(servers, "http-requests.py"), way],
  }),
];

/**
 * Processor time and rate of a client; the server in C is on the other core.
 *
 * @param {Contestant} contestant
 * @param {Work} work
 * @returns {Promise<Sample>}
 */
export async function measureRequests(contestant, work) {
  const server = new Child([compiled("http"), "serve"], cores?.load);
  /** @type {Child | undefined} */
  let client;
  try {
    const port = await server.line();
    const measured = new Child([...contestant.command(), port, String(work.connections)], cores?.server);
    client = measured;
    const run = async (/** @type {number} */ count) => {
      measured.send(`run ${count}`);
      return JSON.parse(await measured.line());
    };
    await run(work.warmUp);
    const start = performance.now();
    const before = [measured, server].map(({ pid }) => usage(pid));
    const { units, wall } = await run(work.count);
    const [own, other] = [measured, server].map(({ pid }, index) => usageBetween(before[index], usage(pid)));
    const elapsed = (performance.now() - start) * 1e6;
    return {
      processor: own.processor / units / 1000,
      rate: (units / wall) * 1e9,
      generator: other.processor / wall,
      disturbed: Math.max(own.disturbed, other.disturbed) / elapsed,
      memory: residentMemory(measured.pid) / 2 ** 20,
    };
  } finally {
    await client?.stop();
    await server.stop();
  }
}
