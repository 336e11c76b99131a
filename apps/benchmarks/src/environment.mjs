import { cpus, release, type } from "node:os";
import { pythonVersions } from "./python.mjs";

/**
 * What the figures depend on; part of every row of the JSON.
 *
 * @typedef {object} Environment
 * @property {string} node version
 * @property {string} cpu model and number of cores
 * @property {string} system kernel and version
 * @property {string[]} python version, and uvloop's; empty when Python is not installed
 * @property {string} cores which core the server ran on, and which the load
 * @property {string} date UTC, ISO 8601
 */

/**
 * @param {{ server: number, load: number } | null} cores
 * @returns {Environment}
 */
export function environment(cores) {
  const all = cpus();
  return {
    node: process.version,
    cpu: `${all[0]?.model.trim() ?? "unknown"}, ${all.length} cores`,
    system: `${type()} ${release()}`,
    python: pythonVersions(),
    cores: cores ? `server on core ${cores.server}, load on core ${cores.load}` : "server and load not pinned",
    date: new Date().toISOString(),
  };
}

/**
 * Two lines for the head of the report.
 *
 * @param {Environment} environment
 */
export function formatEnvironment({ node, cpu, system, python, cores, date }) {
  const versions = [`Node.js ${node.slice(1)}`, ...(python.length > 0 ? python : ["Python: not installed"])];
  return `${[...versions, system].join(" · ")}\n${[cpu, cores, date.slice(0, 16).replace("T", " ")].join(" · ")}`;
}
