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

/**
 * A chat, and what its clients speak.
 *
 * @typedef {Contestant & { protocol: "lines" | "websocket" | "socketio" }} ChatContestant
 */

/** @type {(name: string, protocol: ChatContestant["protocol"], file: string, ...args: string[]) => ChatContestant} */
export const chat = (name, protocol, file, ...args) => ({
  name,
  protocol,
  command: () => [process.execPath, join(servers, file), ...args],
});

/**
 * Processor time and rate of what everybody in a room is told, and the memory that each of them takes.
 *
 * @type {(contestant: Contestant, work: Work) => Promise<Sample>}
 */
export async function measureFanout(contestant, work) {
  const { protocol } = /** @type {ChatContestant} */ (contestant);
  const server = new Child(contestant.command(), cores?.server);
  /** @type {Child | undefined} */
  let load;
  try {
    const port = await server.line();
    const empty = residentMemory(server.pid);
    const args = [protocol, port, ...[work.connections, work.size, server.pid].map(String)];
    const generator = new Child([compiled("fanout"), ...args], cores?.load);
    load = generator;
    const tell = async (/** @type {string} */ command) => {
      generator.send(command);
      return JSON.parse(await generator.line());
    };
    await tell(`check ${work.warmUp}`);
    const full = residentMemory(server.pid);
    const start = performance.now();
    const before = [server, generator].map(({ pid }) => usage(pid));
    const { units, wall, processor } = await tell(`run ${work.count}`);
    const [own, other] = [server, generator].map(({ pid }, index) => usageBetween(before[index], usage(pid)));
    const elapsed = (performance.now() - start) * 1e6;
    return {
      processor: own.processor / units / 1000,
      rate: (units / wall) * 1e9,
      generator: processor / wall,
      disturbed: Math.max(own.disturbed, other.disturbed) / elapsed,
      memoryEach: (full - empty) / work.connections / 1024,
      memory: residentMemory(server.pid) / 2 ** 20,
    };
  } finally {
    await load?.stop();
    await server.stop();
  }
}
