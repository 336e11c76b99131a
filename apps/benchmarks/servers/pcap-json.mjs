import { createInterface } from "node:readline";
import { openCapture } from "@sockeye/pcap-decode";

const [how, path] = process.argv.slice(2);

/** @type {(packet: import("@sockeye/pcap-decode").Packet) => number} */
const convert = how === "text" ? (packet) => JSON.stringify(packet).length : (packet) => packet.toJSON().layers.length;

async function run() {
  let units = 0;
  let size = 0;
  for await (const packet of openCapture(path)) {
    units++;
    size += convert(packet);
  }
  return { units, size };
}

console.log("ready");
for await (const _ of createInterface({ input: process.stdin })) console.log(JSON.stringify(await run()));
