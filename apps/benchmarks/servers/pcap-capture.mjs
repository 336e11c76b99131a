// pcap-capture.mjs batches|each|decode PORT: captures datagrams to PORT on lo; prints a line when it does, and on SIGTERM
// how many it got.
import { IPv4, UDP } from "@sockeye/pcap-decode";
import { sniff } from "@sockeye/pcap-decode/live";

const [way, port] = process.argv.slice(2);
const sniffer = sniff({ interface: "lo", filter: `udp dst port ${port}` });
process.on("SIGTERM", () => sniffer.close());
console.log("listening");

/** What a user does with a packet, at the least. */
let sum = 0;
if (way === "batches") {
  for await (const packets of sniffer.batches()) for (const { originalLength } of packets) sum += originalLength;
} else {
  for await (const packet of sniffer) {
    sum += packet.originalLength;
    if (way === "decode") sum += packet.require(IPv4).ttl + packet.require(UDP).sport;
  }
}
console.log(`${sniffer.statistics().delivered} packets captured, ${sum}`);
