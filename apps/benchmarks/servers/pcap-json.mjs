import { createInterface } from "node:readline";
import { openCapture } from "@sockeye/pcap-decode";

const [path] = process.argv.slice(2);

console.log("ready");
for await (const _ of createInterface({ input: process.stdin })) {
  let units = 0;
  let bytes = 0;
  for await (const packet of openCapture(path)) {
    units++;
    bytes += JSON.stringify(packet).length;
  }
  console.log(JSON.stringify({ units, bytes }));
}
