import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ethernet, encodeCapture, IPv4, stack, TCP } from "@sockeye/pcap-decode";
import { Child } from "./child.mjs";
import { cores } from "./measurement.mjs";
import { python } from "./python.mjs";

/**
 * @typedef {import("./contestant.mjs").Contestant} Contestant
 * @typedef {import("./measurement.mjs").Sample} Sample
 * @typedef {import("./measurement.mjs").Work} Work
 */

/** @type {string | undefined} */
let folder;

/**
 * A capture of `connections` TCP connections whose segments of `size` bytes come in turn; every fiftieth comes late.
 *
 * @param {Work} work
 * @returns {Promise<string>} its path; it is removed when this process ends
 */
export async function flowFile({ connections, size, count }) {
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), "flows-"));
    process.on("exit", () => rmSync(made, { recursive: true }));
    folder = made;
  }
  const path = join(folder, `${connections}-${size}-${count}.pcap`);
  if (existsSync(path)) return path;
  const parts = [Ethernet(), IPv4({ src: "10.0.0.1", dst: "10.0.0.2" }), TCP({ dport: 80, flags: "A" })];
  const template = stack(parts[0], parts[1], parts[2], new Uint8Array(size)).bytes();
  /** @type {Uint8Array[]} */
  const packets = [];
  for (let i = 0; i < count; i++) {
    const bytes = template.slice();
    const view = new DataView(bytes.buffer);
    view.setUint16(34, 1024 + (i % connections));
    view.setUint32(38, Math.floor(i / connections) * size);
    packets.push(bytes);
  }
  for (let i = 50; i + connections < count; i += 50 + connections)
    [packets[i], packets[i + connections]] = [packets[i + connections], packets[i]];
  writeFileSync(path, await encodeCapture(packets));
  return path;
}

/**
 * Processor time for a packet, and packets a second, of a program that reads a capture from its start to its end. Starting
 * the program counts.
 *
 * @param {Contestant} contestant
 * @param {Work} work
 * @returns {Promise<Sample>}
 */
export async function measureFile(contestant, work) {
  const file = await flowFile(work);
  const runner = [python, join(import.meta.dirname, "..", "servers", "whole-process.py")];
  const child = new Child([...runner, ...contestant.command(), file], cores?.server);
  try {
    const { status, processor, wall, memory } = JSON.parse(await child.line());
    if (status !== 0) throw new Error(`${contestant.name} ended with status ${status}`);
    return { processor: (processor / work.count) * 1e6, rate: work.count / wall, disturbed: 0, memory };
  } finally {
    await child.stop();
  }
}
