import { setTimeout as pause } from "node:timers/promises";
import { Child } from "./child.mjs";
import { compiled } from "./compiler.mjs";
import { chooseCores } from "./cores.mjs";
import { residentMemory, usage, usageBetween } from "./usage.mjs";

/**
 * What one server did in one round.
 *
 * @typedef {object} Sample
 * @property {number} [processor] microseconds of the server's processor time for a unit of work
 * @property {number} [rate] units of work a second
 * @property {number} [generator] the load generator's processor time as a share of the round's length, 0 to 1
 * @property {number} [disturbed] the share of the round for which the server or the load waited for its core, 0 to 1
 * @property {number} [lost] the share of the datagrams that the kernel dropped because the receiver was too slow, 0 to 1
 * @property {number} [memoryEach] KiB of the server's memory for a connection
 * @property {number} memory MiB of the server's memory at the end
 */

/**
 * What the load generator is to do; see load/load.c.
 *
 * @typedef {object} Work
 * @property {"echo" | "count" | "storm" | "burst" | "idle" | "datagrams" | "fanout"} mode
 * @property {number} connections
 * @property {number} size bytes of a message
 * @property {number} warmUp units before the measurement, each compared byte by byte
 * @property {number} count units measured
 */

/** How long a server that has broken its connections may take to report why and end, in milliseconds. */
const crashTime = 500;

/** Where the server and the load run; null when they share what there is. */
export const cores = process.platform === "linux" ? chooseCores() : null;

/**
 * Starts the server and the load, lets `use` work with them and ends both.
 *
 * @param {import("./contestant.mjs").Contestant} contestant
 * @param {Work} work
 * @param {(server: Child, load: Child, tell: (command: string) => Promise<{ units: number, wall: number, processor: number }>) => Promise<Sample>} use
 */
async function withLoad(contestant, work, use) {
  const server = new Child(contestant.command(), cores?.server);
  /** @type {Child | undefined} */
  let load;
  try {
    const port = await server.line();
    const args = [work.mode, port, ...[work.connections, work.size, server.pid].map(String)];
    load = new Child([compiled("load"), ...args], cores?.load);
    const generator = load;
    const result = use(server, generator, async (command) => {
      generator.send(command);
      return JSON.parse(await generator.line());
    });
    return await result.catch(async (error) => {
      // When the server fails, the load sees only a lost connection: the server's own words say more.
      throw (await server.endsWithin(crashTime)) ? await server.failure() : error;
    });
  } finally {
    // The load goes first, so that no server sees a half-dead peer as anything but closed connections.
    await load?.stop();
    await server.stop();
  }
}

/**
 * Processor time and rate over a fixed count.
 *
 * @param {import("./contestant.mjs").Contestant} contestant
 * @param {Work} work
 * @returns {Promise<Sample>}
 */
export function measureWork(contestant, work) {
  return withLoad(contestant, work, async (server, load, tell) => {
    await tell(`check ${work.warmUp}`);
    const start = performance.now();
    const before = [server, load].map(({ pid }) => usage(pid));
    const { units, wall, processor } = await tell(`run ${work.count}`);
    const [own, generator] = [server, load].map(({ pid }, index) => usageBetween(before[index], usage(pid)));
    const elapsed = (performance.now() - start) * 1e6;
    return {
      processor: own.processor / units / 1000,
      rate: (units / wall) * 1e9,
      generator: processor / wall,
      disturbed: Math.max(own.disturbed, generator.disturbed) / elapsed,
      memory: residentMemory(server.pid) / 2 ** 20,
    };
  });
}

/**
 * Memory that open and quiet connections take, above what the server had after a few.
 *
 * @param {import("./contestant.mjs").Contestant} contestant
 * @param {Work} work
 * @returns {Promise<Sample>}
 */
export function measureIdle(contestant, work) {
  return withLoad(contestant, work, async (server, _, tell) => {
    await tell(`check ${work.warmUp}`);
    const before = await settledMemory(server.pid);
    await tell(`run ${work.count}`);
    const after = await settledMemory(server.pid);
    return { memoryEach: (after - before) / work.count / 1024, memory: after / 2 ** 20 };
  });
}

/**
 * Resident memory when it has not changed by more than 1 % for 0.3 seconds, or after five seconds.
 *
 * @param {number} pid
 */
async function settledMemory(pid) {
  let memory = residentMemory(pid);
  for (let still = 0, polls = 0; still < 3 && polls < 50; polls++) {
    await pause(100);
    const now = residentMemory(pid);
    still = Math.abs(now - memory) <= memory / 100 ? still + 1 : 0;
    memory = now;
  }
  return memory;
}
