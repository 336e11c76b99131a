import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { compileFilter } from "@sockeye/pcap-decode";

/** How often the packets are gone through in a run: once takes a few milliseconds. */
const repeats = 20;

const [expression, path] = process.argv.slice(2);
const { match } = compileFilter(expression);
// What is measured is the filter alone: the file is read and its packets are found before.
const buffer = new Uint8Array(readFileSync(path));
const records = new DataView(buffer.buffer);
const offsets = [];
for (let at = 24; at < buffer.length; at += 16 + records.getUint32(at + 8, true)) offsets.push(at);
const starts = Uint32Array.from(offsets, (at) => at + 16);
const lengths = Uint32Array.from(offsets, (at) => records.getUint32(at + 8, true));

function count() {
  let found = 0;
  for (let i = 0; i < starts.length; i++) if (match(buffer, starts[i], lengths[i], lengths[i])) found++;
  return found;
}

console.log("ready");
for await (const _ of createInterface({ input: process.stdin })) {
  let sum = 0;
  for (let i = 0; i < repeats; i++) sum += count();
  console.log(JSON.stringify({ units: repeats * starts.length, sum }));
}
