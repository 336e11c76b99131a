import { createInterface } from "node:readline";
import { openCapture, TCP } from "@sockeye/pcap-decode";
import { pcapHeader, pcapRecords } from "../src/capture.mjs";

const [how, mebibytes] = process.argv.slice(2);
let total = 2 ** 26;
const [records] = pcapRecords(20_000);
const block = Uint8Array.from(records);
/** Where a block is cut, within a packet nearly always. */
const cut = 1_000_003;

async function* stream() {
  yield pcapHeader;
  for (let sent = 0; sent < total; sent += block.length) {
    yield block.subarray(0, cut);
    yield block.subarray(cut);
  }
}

console.log("ready");
for await (const _ of createInterface({ input: process.stdin })) {
  let units = 0;
  let sum = 0;
  if (how === "each") {
    for await (const packet of openCapture(stream())) {
      units++;
      sum += packet.get(TCP)?.dport ?? 0;
    }
  } else {
    for await (const packets of openCapture(stream()).batches()) {
      units += packets.length;
      for (const packet of packets) sum += packet.get(TCP)?.dport ?? 0;
    }
  }
  console.log(JSON.stringify({ units, sum }));
  // The first run is the warm-up.
  total = Number(mebibytes) * 2 ** 20;
}
