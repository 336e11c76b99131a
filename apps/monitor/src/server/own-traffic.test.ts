import { compileFilter, Ethernet, IPv4, stack, TCP, VLAN } from "@sockeye/pcap-decode";
import { expect, test } from "vitest";
import { withoutOwnTraffic } from "./own-traffic.ts";

const frame = (dport: number) => stack(Ethernet(), IPv4(), TCP({ sport: 5, dport })).bytes();
const tagged = (dport: number) => stack(Ethernet(), VLAN({ vid: 5 }), IPv4(), TCP({ sport: 5, dport })).bytes();

test.each<[string, Uint8Array, boolean]>([
  ["", frame(80), true],
  ["", frame(8130), false],
  ["tcp or udp", frame(80), true],
  ["tcp or udp", frame(8130), false],
  ["vlan 5 and tcp", tagged(80), true],
])("%j", (expression, packet, passes) => {
  expect(compileFilter(withoutOwnTraffic(expression, 8130)).match(packet)).toBe(passes);
});
