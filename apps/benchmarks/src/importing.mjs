import { join } from "node:path";
import { Child } from "./child.mjs";
import { cores } from "./measurement.mjs";
import { median } from "./statistics.mjs";
import { residentMemory } from "./usage.mjs";

/**
 * @typedef {import("./contestant.mjs").Contestant} Contestant
 * @typedef {import("./measurement.mjs").Sample} Sample
 * @typedef {import("./measurement.mjs").Work} Work
 */

const servers = join(import.meta.dirname, "..", "servers");

/** @type {(name: string) => Contestant} */
export const importing = (name) => ({ name, command: () => [process.execPath, join(servers, "import.mjs"), name] });

/**
 * What importing a package costs, each time in a fresh process: the median of `work.count` of them, after `work.warmUp` that fill the
 * system's cache of files.
 *
 * @param {Contestant} contestant
 * @param {Work} work
 * @returns {Promise<Sample>}
 */
export async function measureImport(contestant, work) {
  /** @type {{ processor: number, wall: number, memory: number }[]} */
  const samples = [];
  for (let round = 0; round < work.warmUp + work.count; round++) {
    const child = new Child(contestant.command(), cores?.server);
    try {
      child.send("run 1");
      const { processor, wall } = JSON.parse(await child.line());
      if (round >= work.warmUp) samples.push({ processor, wall, memory: residentMemory(child.pid) / 2 ** 20 });
    } finally {
      await child.stop();
    }
  }
  return {
    processor: median(samples.map(({ processor }) => processor)) / 1000,
    rate: 1e9 / median(samples.map(({ wall }) => wall)),
    memory: median(samples.map(({ memory }) => memory)),
  };
}
