import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Child } from "./child.mjs";
import { compiled } from "./compiler.mjs";
import { cores } from "./measurement.mjs";
import { residentMemory, usage, usageBetween } from "./usage.mjs";

/**
 * @typedef {import("./contestant.mjs").Contestant} Contestant
 * @typedef {import("./measurement.mjs").Sample} Sample
 * @typedef {import("./measurement.mjs").Work} Work
 */

const servers = join(import.meta.dirname, "..", "servers");

/** @type {(name: string, file: string, ...args: string[]) => Contestant} */
export const program = (name, file, ...args) => ({
  name,
  command: () => [process.execPath, join(servers, file), ...args],
});

/** @type {(name: string, mode: string) => Contestant} */
export const inC = (name, mode) => ({ name, command: () => [compiled("datagrams"), mode] });

/**
 * The end of the work in one round: `run N` on the measured program, once to warm up and once to measure.
 *
 * @param {Child} measured
 * @param {Child} other
 * @param {Work} work
 * @param {() => Promise<Partial<Sample>>} [more]
 * @returns {Promise<Sample>}
 */
async function sampleOf(measured, other, work, more = async () => ({})) {
  const run = async (/** @type {number} */ count) => {
    measured.send(`run ${count}`);
    return JSON.parse(await measured.line());
  };
  await run(work.warmUp);
  await more();
  const start = performance.now();
  const before = [measured, other].map(({ pid }) => usage(pid));
  const { units, wall } = await run(work.count);
  const [own, others] = [measured, other].map(({ pid }, index) => usageBetween(before[index], usage(pid)));
  const elapsed = (performance.now() - start) * 1e6;
  return {
    processor: own.processor / units / 1000,
    rate: (units / wall) * 1e9,
    disturbed: Math.max(own.disturbed, others.disturbed) / elapsed,
    memory: residentMemory(measured.pid) / 2 ** 20,
    ...(await more()),
  };
}

/**
 * Processor time and rate of a sender; a receiver in C takes what it can, and `lost` is what it could not.
 *
 * @type {(contestant: Contestant, work: Work) => Promise<Sample>}
 */
export async function measureSending(contestant, work) {
  const sink = new Child([compiled("datagrams"), "sink"], cores?.load);
  /** @type {Child | undefined} */
  let sender;
  try {
    const port = await sink.line();
    sender = new Child([...contestant.command(), port, String(work.size)], cores?.server);
    let arrived = 0;
    const sample = await sampleOf(sender, sink, work, async () => {
      sink.send("count");
      arrived = Number(await sink.line());
      return {};
    });
    return { ...sample, lost: Math.max(0, 1 - arrived / work.count) };
  } finally {
    await sender?.stop();
    await sink.stop();
  }
}

/**
 * Processor time and rate of a receiver that is sent more than it can take. When it drops nothing, the generator was the
 * slower one.
 *
 * @param {(port: string, size: string) => string[]} generator
 * @returns {(contestant: Contestant, work: Work) => Promise<Sample>}
 */
export function measureReceiving(generator = (port, size) => [compiled("datagrams"), "flood", port, size]) {
  return async (contestant, work) => {
    const receiver = new Child(contestant.command(), cores?.server);
    /** @type {Child | undefined} */
    let load;
    try {
      const port = await receiver.line();
      load = new Child(generator(port, String(work.size)), cores?.load);
      const before = dropsOf(port);
      const sample = await sampleOf(receiver, load, work);
      const drops = dropsOf(port) - before;
      const total = work.count + work.warmUp;
      return { ...sample, lost: drops / (drops + total), generator: drops === 0 ? 1 : 0 };
    } finally {
      await load?.stop();
      await receiver.stop();
    }
  };
}

/**
 * The kernel's count of datagrams dropped at a port of 127.0.0.1, from /proc/net/udp.
 *
 * @param {string} port
 */
function dropsOf(port) {
  const local = `:${Number(port).toString(16).toUpperCase().padStart(4, "0")}`;
  const line = readFileSync("/proc/net/udp", "utf8")
    .split("\n")
    .find((text) => text.trim().split(/\s+/)[1]?.endsWith(local));
  return Number(line?.trim().split(/\s+/).at(-1) ?? 0);
}

/**
 * Both ends of one kind: the receiver is measured, the sender floods it.
 *
 * @param {Record<string, string[]>} senders by the receiver's name: the sender's program and first arguments
 * @returns {(contestant: Contestant, work: Work) => Promise<Sample>}
 */
export function measureBoth(senders) {
  return (contestant, work) => {
    const [file, ...args] = senders[contestant.name];
    const command = (/** @type {string} */ port, /** @type {string} */ size) => [
      process.execPath,
      join(servers, file),
      ...args,
      port,
      size,
    ];
    return measureReceiving(command)(contestant, work);
  };
}
