import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { createDecoder, Ethernet, IPv4, openCapture, readCapture, TCP, UDP } from "@sockeye/pcap-decode";

/** @param {Pick<import("@sockeye/pcap-decode").Packet, "get">} packet */
function fields(packet) {
  let sum = packet.get(Ethernet)?.type ?? 0;
  const ip = packet.get(IPv4);
  if (ip !== undefined) sum += ip.ttl + ip.totalLength + ip.protocol;
  const tcp = packet.get(TCP);
  if (tcp !== undefined) return sum + tcp.sport + tcp.dport + tcp.flags;
  const udp = packet.get(UDP);
  if (udp !== undefined) sum += udp.sport + udp.dport;
  return sum;
}

const decoder = createDecoder([Ethernet, IPv4, TCP, UDP]);
const [how, path] = process.argv.slice(2);

/** @type {Record<string, () => Promise<{ units: number, sum: number }>>} */
const ways = {
  async each() {
    let units = 0;
    let sum = 0;
    for await (const packet of openCapture(path)) {
      units++;
      sum += fields(packet);
    }
    return { units, sum };
  },
  async batches() {
    let units = 0;
    let sum = 0;
    for await (const packets of openCapture(path).batches()) {
      units += packets.length;
      for (const packet of packets) sum += fields(packet);
    }
    return { units, sum };
  },
  async buffer() {
    let units = 0;
    let sum = 0;
    for (const packet of readCapture(readFileSync(path))) {
      units++;
      sum += fields(packet);
    }
    return { units, sum };
  },
  async decoder() {
    let units = 0;
    let sum = 0;
    for (const packet of readCapture(readFileSync(path))) {
      units++;
      if (decoder.decodePacket(packet)) sum += fields(decoder);
    }
    return { units, sum };
  },
};

console.log("ready");
for await (const _ of createInterface({ input: process.stdin })) console.log(JSON.stringify(await ways[how]()));
