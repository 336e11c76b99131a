import { setTimeout as pause } from "node:timers/promises";
import { Child } from "./child.mjs";
import { compiled } from "./compiler.mjs";
import { cores } from "./measurement.mjs";
import { residentMemory, usage, usageBetween } from "./usage.mjs";

/**
 * @typedef {import("./contestant.mjs").Contestant} Contestant
 * @typedef {import("./measurement.mjs").Sample} Sample
 * @typedef {import("./measurement.mjs").Work} Work
 */

/** A capture is done when it has used no processor time for so many looks, 50 ms apart: tcpdump looks once a second. */
const quietLooks = 30;
/** And at the latest after so many. */
const mostLooks = 400;

/** tcpdump, which says on standard error when it listens and how much it has captured. */
export const tcpdump = {
  name: "tcpdump -w /dev/null",
  command: () => ["sh", "-c", 'exec tcpdump -i lo -n -Z root -w /dev/null udp dst port "$1" 2>&1', "sh"],
};

/**
 * Processor time for a captured packet, and packets captured a second, while datagrams are sent as fast as they can be. A
 * sender of C sends them to a receiver of C; `lost` is what the capture did not get.
 *
 * @param {Contestant} contestant
 * @param {Work} work
 * @returns {Promise<Sample>}
 */
export async function measureCapture(contestant, work) {
  const sink = new Child([compiled("datagrams"), "sink"], cores?.load);
  /** @type {Child | undefined} */
  let capture;
  /** @type {Child | undefined} */
  let sender;
  try {
    const port = await sink.line();
    capture = new Child([...contestant.command(), port], cores?.server);
    while (!/listening/.test(await capture.line()));
    const { pid } = capture;
    sender = new Child([compiled("datagrams"), "send", port, String(work.size)], cores?.load);
    const load = sender;
    const run = async (/** @type {number} */ count) => {
      load.send(`run ${count}`);
      const { wall } = JSON.parse(await load.line());
      return wall;
    };
    await run(work.warmUp);
    await settled(pid);
    const before = usage(pid);
    const wall = await run(work.count);
    await settled(pid);
    const own = usageBetween(before, usage(pid));
    const memory = residentMemory(pid) / 2 ** 20;
    const captured = await countOf(capture);
    const share = captured / (work.warmUp + work.count);
    return {
      processor: own.processor / (work.count * share) / 1000,
      rate: ((work.count * share) / wall) * 1e9,
      disturbed: own.disturbed / wall,
      lost: Math.max(0, 1 - share),
      // A capture that lost nothing could have taken more.
      generator: share >= 1 ? 1 : 0,
      memory,
    };
  } finally {
    await sender?.stop();
    await capture?.stop();
    await sink.stop();
  }
}

/** @param {number} pid */
async function settled(pid) {
  let last = usage(pid).processor;
  for (let quiet = 0, looks = 0; quiet < quietLooks && looks < mostLooks; looks++) {
    await pause(50);
    const now = usage(pid).processor;
    // Waking up to find nothing is not work.
    quiet = now - last < 1e6 ? quiet + 1 : 0;
    last = now;
  }
}

/**
 * Asks a capture to end, and how many packets it got.
 *
 * @param {Child} capture
 */
async function countOf(capture) {
  process.kill(capture.pid, "SIGTERM");
  for (;;) {
    const found = /^(\d+) packets? captured/.exec(await capture.line());
    if (found) return Number(found[1]);
  }
}
