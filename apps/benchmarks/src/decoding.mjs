import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeCapture } from "./capture.mjs";
import { Child, ChildError } from "./child.mjs";
import { compiled } from "./compiler.mjs";
import { cores } from "./measurement.mjs";
import { python } from "./python.mjs";
import { residentMemory, usage, usageBetween } from "./usage.mjs";

/**
 * @typedef {import("./measurement.mjs").Sample} Sample
 * @typedef {import("./measurement.mjs").Work} Work
 */

/**
 * A program that reads a capture.
 *
 * @typedef {object} Reader
 * @property {string} name as the table shows it
 * @property {() => string[]} command program and arguments; a capture's path is put behind them
 * @property {number} share of the packets that it is given: a slow program needs fewer for as good a figure
 * @property {(reader: Reader, work: Work) => Promise<Sample>} measure
 */

const servers = join(import.meta.dirname, "..", "servers");
const cli = join(import.meta.dirname, "..", "node_modules", "@sockeye", "pcap-decode", "dist", "cli.js");

/** @type {Map<number, string>} */
const captures = new Map();
/** @type {string | undefined} */
let folder;
process.on("exit", removeCaptures);

/** Removes what `capture` has written. */
export function removeCaptures() {
  if (folder !== undefined) rmSync(folder, { recursive: true });
  folder = undefined;
  captures.clear();
}

/**
 * The path of a capture of `count` packets, the same for everyone who asks; it is written the first time.
 *
 * @param {number} count
 */
export function capture(count) {
  if (folder === undefined) {
    folder = mkdtempSync(join(tmpdir(), "sockeye-captures-"));
    // Under root, tcpdump reads as a user of its own.
    chmodSync(folder, 0o755);
  }
  const path = captures.get(count) ?? join(folder, `${count}.pcap`);
  if (!captures.has(count)) writeCapture(path, count);
  captures.set(count, path);
  return path;
}

/** @type {(reader: Reader, work: Work) => number} */
const countOf = ({ share }, { count }) => Math.max(1, Math.round(count * share));

/** What every program must find in a capture of so many packets: the first to say so sets it. */
/** @type {Map<string, number>} */
const sums = new Map();

/** @type {(reader: Reader, key: string, sum: number | undefined) => void} */
function compareSums({ name }, key, sum) {
  if (sum === undefined) return;
  const expected = sums.get(key) ?? sum;
  sums.set(key, expected);
  if (sum !== expected) throw new ChildError(`${name} finds ${sum} in the packets, another program ${expected}`);
}

/**
 * A program that is warm: it reads the capture once, and is measured while it reads it again.
 *
 * @param {string[]} args of the program, behind which the capture's path is put
 * @param {(count: number) => string} input
 * @returns {Reader["measure"]}
 */
function measureWarm(args, input = capture) {
  return async (reader, work) => {
    const count = countOf(reader, work);
    const program = new Child([...reader.command(), ...args, input(count)], cores?.server);
    try {
      await program.line();
      const run = async () => {
        program.send("run");
        return JSON.parse(await program.line());
      };
      // Twice: the first half of a run is spent in code that is not optimised yet.
      await run();
      const { sum } = await run();
      compareSums(reader, `${work.mode} ${args.slice(-1)} ${count}`, sum);
      const start = performance.now();
      const before = usage(program.pid);
      const { units } = await run();
      const used = usageBetween(before, usage(program.pid));
      const elapsed = (performance.now() - start) * 1e6;
      return sampleOf(units, used.processor, elapsed, {
        disturbed: used.disturbed / elapsed,
        memory: residentMemory(program.pid) / 2 ** 20,
      });
    } finally {
      await program.stop();
    }
  };
}

/**
 * @param {number} units
 * @param {number} processor nanoseconds
 * @param {number} wall nanoseconds
 * @param {{ disturbed?: number, memory: number }} more
 * @returns {Sample}
 */
const sampleOf = (units, processor, wall, more) => ({
  processor: processor / units / 1000,
  speed: (units / processor) * 1e9,
  rate: (units / wall) * 1e9,
  ...more,
});

/**
 * One whole run of a program over a file, on any core, as a user runs it: one that reads ahead in a thread of its own may use both.
 *
 * @param {readonly string[]} command
 * @returns {Promise<{ wall: number, processor: number, memory: number }>} nanoseconds and bytes
 */
async function runOnce(command) {
  const timer = new Child([compiled("timed"), ...command]);
  try {
    timer.send("run");
    return JSON.parse(await timer.line());
  } finally {
    await timer.stop();
  }
}

/** @typedef {(path: string) => string[]} Arguments */

/**
 * A whole process, start-up included: what a user waits for.
 *
 * @param {Arguments} args
 * @returns {Reader["measure"]}
 */
const measureProcess = (args) => async (reader, work) => {
  const count = countOf(reader, work);
  const { wall, processor, memory } = await runOnce([...reader.command(), ...args(capture(count))]);
  return sampleOf(count, processor, wall, { memory: memory / 2 ** 20 });
};

/**
 * A process without its start-up: what a capture costs more than a capture of one packet.
 *
 * @param {Arguments} args
 * @returns {Reader["measure"]}
 */
const measureMarginal = (args) => async (reader, work) => {
  const count = countOf(reader, work);
  const one = await runOnce([...reader.command(), ...args(capture(1))]);
  const all = await runOnce([...reader.command(), ...args(capture(count))]);
  return sampleOf(count - 1, all.processor - one.processor, all.wall - one.wall, { memory: all.memory / 2 ** 20 });
};

/** @type {(name: string, file: string, ...args: string[]) => Reader} */
export const onNode = (name, file, ...args) => ({
  name,
  command: () => [process.execPath, join(servers, file)],
  share: 1,
  measure: measureWarm(args),
});

/** @type {(name: string, file: string, share: number) => Reader} */
export const onPython = (name, file, share) => ({
  name,
  command: () => [python, join(servers, file)],
  share,
  measure: measureWarm([]),
});

/** @type {(name: string, share: number, args: Arguments) => Reader} */
export const tshark = (name, share, args) => ({
  name,
  command: () => ["tshark", "-n"],
  share,
  measure: measureMarginal(args),
});

/** A stream of so many MiB, made as it is read: `count` of the work is its size. */
/** @type {(name: string, how: string) => Reader} */
export const streaming = (name, how) => ({
  name,
  command: () => [process.execPath, join(servers, "pcap-stream.mjs")],
  share: 1,
  measure: measureWarm([how], String),
});

/** @type {(expression: string) => Arguments} */
const filtering = (expression) => (path) => ["-r", path, "-w", "/dev/null", expression];

/** @type {(expression: string) => Reader} */
export const ownFilter = (expression) => ({
  name: "pcap-decode filter",
  command: () => [process.execPath, cli, "filter"],
  share: 1,
  measure: measureProcess(filtering(expression)),
});

/** @type {(expression: string) => Reader} */
export const tcpdump = (expression) => ({
  name: "tcpdump",
  command: () => ["tcpdump"],
  share: 1,
  measure: measureProcess(filtering(expression)),
});

/** @type {(expression: string) => Reader} */
export const tcpdumpMarginal = (expression) => ({
  ...tcpdump(expression),
  measure: measureMarginal(filtering(expression)),
});

/** @type {import("./subject.mjs").Case["measure"]} */
export const measureReader = (contestant, work) => {
  const reader = /** @type {Reader} */ (contestant);
  return reader.measure(reader, work);
};
