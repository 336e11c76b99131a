import { createInterface } from "node:readline";
import { openCapture } from "@sockeye/pcap-decode";

const [how, path] = process.argv.slice(2);

console.log("ready");
for await (const _ of createInterface({ input: process.stdin })) {
  let units = 0;
  let size = 0;
  for await (const packet of openCapture(path)) {
    units++;
    size += how === "text" ? JSON.stringify(packet).length : packet.toJSON().layers.length;
  }
  console.log(JSON.stringify({ units, size }));
}
