import { ARP, Ethernet, ICMP, IPv4, IPv6, Packet, stack, TCP, UDP, VXLAN } from "@sockeye/pcap-decode";
import { describe, expect, test } from "vitest";
import { CATEGORIES, classify } from "./protocol.ts";

const v4 = () => IPv4({ src: "192.0.2.1", dst: "192.0.2.2" });
const cases: [string, Packet, object][] = [
  [
    "a segment",
    stack(Ethernet(), v4(), TCP({ sport: 40000, dport: 9 })).packet(),
    { protocol: "TCP", category: "TCP", source: "192.0.2.1", destination: "192.0.2.2", sourcePort: 40000 },
  ],
  [
    "a request, by how it starts",
    stack(Ethernet(), v4(), TCP({ sport: 40000, dport: 8080 }), "GET / HTTP/1.1\r\nHost: a\r\n\r\n").packet(),
    { protocol: "HTTP", category: "HTTP", destinationPort: 8080 },
  ],
  [
    "a datagram over IPv6",
    stack(Ethernet(), IPv6({ src: "2001:db8::1", dst: "2001:db8::2" }), UDP({ sport: 1, dport: 2 })).packet(),
    { protocol: "UDP", category: "UDP", source: "2001:db8::1", sourcePort: 1, destinationPort: 2 },
  ],
  [
    "an ICMP error, whatever it quotes",
    stack(
      Ethernet(),
      IPv4({ src: "192.0.2.9", dst: "192.0.2.1" }),
      ICMP({ type: 3 }),
      v4(),
      UDP({ dport: 53 }),
    ).packet(),
    { protocol: "ICMP", category: "ICMP", source: "192.0.2.9", sourcePort: -1 },
  ],
  [
    "a tunnel: the inner packet",
    stack(Ethernet(), v4(), UDP({ dport: 4789 }), VXLAN(), Ethernet(), IPv4({ src: "10.0.0.1" }), TCP()).packet(),
    { protocol: "TCP", category: "TCP", source: "10.0.0.1" },
  ],
  [
    "ARP: the link's addresses",
    stack(Ethernet(), ARP()).packet(),
    { protocol: "ARP", category: "ARP", destination: "ff:ff:ff:ff:ff:ff" },
  ],
  [
    "nothing known",
    Packet.from(new Uint8Array(0)),
    { protocol: "Raw", category: "Other", source: "", destination: "", sourcePort: -1 },
  ],
];

describe("what a packet is", () => {
  test.each(cases)("%s", (_name, packet, expected) => {
    const { category, ...rest } = classify(packet);
    expect({ ...rest, category: CATEGORIES[category] }).toMatchObject(expected);
  });
});
