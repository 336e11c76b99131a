import { createInterface } from "node:readline";
import { openCapture, TCP } from "@sockeye/pcap-decode";
import { pcapHeader, pcapRecords } from "../src/capture.mjs";

const [how, mebibytes] = process.argv.slice(2);
const [records] = pcapRecords(20_000);
const block = Uint8Array.from(records);
/** Where a block is cut, within a packet nearly always. */
const cut = 1_000_003;
/** The first run is the warm-up. */
let total = 2 ** 26;

async function* stream() {
  yield pcapHeader;
  for (let sent = 0; sent < total; sent += block.length) {
    yield block.subarray(0, cut);
    yield block.subarray(cut);
  }
}

/** @type {Record<string, () => Promise<{ units: number, sum: number }>>} */
const ways = {
  async each() {
    let units = 0;
    let sum = 0;
    for await (const packet of openCapture(stream())) {
      units++;
      sum += packet.get(TCP)?.dport ?? 0;
    }
    return { units, sum };
  },
  async batches() {
    let units = 0;
    let sum = 0;
    for await (const packets of openCapture(stream()).batches()) {
      units += packets.length;
      for (const packet of packets) sum += packet.get(TCP)?.dport ?? 0;
    }
    return { units, sum };
  },
};

console.log("ready");
for await (const _ of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await ways[how]()));
  total = Number(mebibytes) * 2 ** 20;
}
