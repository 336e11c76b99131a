/**
 * Prints ten packets as they pass an interface. It needs root or the capability CAP_NET_RAW.
 *
 * Usage: sniff-ten-packets [INTERFACE=any] [FILTER]
 */
import { sniff } from "@sockeye/pcap-decode/live";

const [name = "any", ...filter] = process.argv.slice(2);

const capture = sniff({ interface: name, filter: filter.join(" "), count: 10 });
process.on("SIGINT", () => capture.close());
console.log("Listening on", name);

for await (const packet of capture) {
  console.log(packet.time.toISOString(), packet.interface?.name, packet.summary());
}
const { delivered, received, dropped } = capture.statistics();
console.log(`${delivered} packets, ${received} passed the filter, ${dropped} dropped`);
