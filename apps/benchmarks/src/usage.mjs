import { readdirSync, readFileSync } from "node:fs";

/**
 * What the scheduler has given a process so far, in nanoseconds.
 *
 * Linux gives the same account twice: in /proc/PID/stat in ticks of 10 ms, and in schedstat in nanoseconds, one file a thread
 * (proc(5), and Documentation/scheduler/sched-stats.rst). The second lets a round be short without rounding.
 *
 * @typedef {object} Usage
 * @property {number} processor processor time, user and system, of all threads
 * @property {number} others the part of it that is not the main thread's
 * @property {number} waiting for how long the main thread was ready to run while its core was taken
 */

/**
 * @param {number} pid
 * @returns {Usage}
 */
export function usage(pid) {
  const read = (/** @type {string} */ file) => readFileSync(file, "utf8").split(" ").map(Number);
  const [own, waiting] = read(`/proc/${pid}/schedstat`);
  const threads = readdirSync(`/proc/${pid}/task`).map((thread) => read(`/proc/${pid}/task/${thread}/schedstat`)[0]);
  const processor = threads.reduce((sum, time) => sum + time, 0);
  return { processor, others: processor - own, waiting };
}

/**
 * What a process used between two readings.
 *
 * @param {Usage} before
 * @param {Usage} after
 * @returns {Usage & { disturbed: number }} `disturbed`: for how long, at least, other programs had its core while it was ready
 */
export function usageBetween(before, after) {
  const processor = after.processor - before.processor;
  const others = after.others - before.others;
  const waiting = after.waiting - before.waiting;
  // On one core the main thread also waits for the process's own threads, such as V8's collector.
  return { processor, others, waiting, disturbed: Math.max(0, waiting - others) };
}

/**
 * Bytes of a process's memory that are in RAM (VmRSS in proc(5)).
 *
 * @param {number} pid
 */
export function residentMemory(pid) {
  const found = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  if (!found) throw new Error(`/proc/${pid}/status has no VmRSS: the process has ended`);
  return Number(found[1]) * 1024;
}
