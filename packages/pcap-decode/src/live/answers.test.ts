import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type StackPart, stack } from "../build/stack.ts";
import { ARP } from "../layers/arp.ts";
import { DNS } from "../layers/dns.ts";
import { Ethernet } from "../layers/ethernet.ts";
import { ICMP } from "../layers/icmp.ts";
import { ICMPv6, ICMPv6Echo, ICMPv6Error, NeighborAdvertisement, NeighborSolicitation } from "../layers/icmpv6.ts";
import { IPv4 } from "../layers/ipv4.ts";
import { IPv6 } from "../layers/ipv6.ts";
import { TCP } from "../layers/tcp.ts";
import { UDP } from "../layers/udp.ts";
import { Packet } from "../packet.ts";
import { answers } from "./answers.ts";

const [here, there, router] = ["10.0.0.1", "10.0.0.2", "10.0.0.254"];
const out = (...parts: StackPart[]): Packet => stack(IPv4({ src: here, dst: there }), ...parts).packet();
const back = (...parts: StackPart[]): Packet => stack(Ethernet(), IPv4({ src: there, dst: here }), ...parts).packet();
const out6 = (...parts: StackPart[]): Packet => stack(IPv6({ src: "fd00::1", dst: "fd00::2" }), ...parts).packet();
const back6 = (...parts: StackPart[]): Packet => stack(IPv6({ src: "fd00::2", dst: "fd00::1" }), ...parts).packet();
const error = (type: number, quoted: Packet, length = quoted.capturedLength): Packet =>
  stack(IPv4({ src: router, dst: here }), ICMP({ type, code: 0 }), quoted.bytes.subarray(0, length)).packet();

const syn = out(TCP({ sport: 1000, dport: 80, seq: 0xffffffff, flags: "S" }));
const query = out(
  UDP({ sport: 5353, dport: 53 }),
  DNS({ id: 7, questions: [{ name: "a.example", type: 1, class: 1 }] }),
);
const ping = out(ICMP({ type: "echo", id: 3, sequence: 4 }));
const who = stack(Ethernet(), ARP({ psrc: here, pdst: there })).packet();

describe.each<[string, Packet, [string, Packet, boolean][]]>([
  [
    "a SYN",
    syn,
    [
      ["SYN-ACK, the number wrapped", back(TCP({ sport: 80, dport: 1000, seq: 9, ack: 0, flags: "SA" })), true],
      ["RST-ACK", back(TCP({ sport: 80, dport: 1000, ack: 0, flags: "RA" })), true],
      ["of another number", back(TCP({ sport: 80, dport: 1000, ack: 5, flags: "SA" })), false],
      ["of another port", back(TCP({ sport: 80, dport: 1001, ack: 0, flags: "SA" })), false],
      ["from another host", stack(IPv4({ src: router, dst: here }), TCP({ sport: 80, dport: 1000 })).packet(), false],
      ["itself", syn, false],
      ["an error that quotes it", error(11, syn), true],
      ["an error with eight bytes of it", error(3, syn, 28), true],
      ["an error with less", error(3, syn, 27), false],
      ["an error about another", error(3, query), false],
    ],
  ],
  [
    "an ACK that nobody expects",
    out(TCP({ sport: 1000, dport: 80, seq: 5, ack: 77, flags: "A" })),
    [
      ["RST with its number", back(TCP({ sport: 80, dport: 1000, seq: 77, flags: "R" })), true],
      ["RST with another", back(TCP({ sport: 80, dport: 1000, seq: 78, flags: "R" })), false],
    ],
  ],
  [
    "a DNS question",
    query,
    [
      ["its answer", back(UDP({ sport: 53, dport: 5353 }), DNS({ id: 7, response: 1 })), true],
      ["another id", back(UDP({ sport: 53, dport: 5353 }), DNS({ id: 8, response: 1 })), false],
      ["another question", back(UDP({ sport: 53, dport: 5353 }), DNS({ id: 7 })), false],
      ["an error that quotes it", error(3, query), true],
    ],
  ],
  [
    "an echo request",
    ping,
    [
      ["its reply", back(ICMP({ type: "echo-reply", id: 3, sequence: 4 })), true],
      ["another sequence", back(ICMP({ type: "echo-reply", id: 3, sequence: 5 })), false],
      ["another id", back(ICMP({ type: "echo-reply", id: 4, sequence: 4 })), false],
      ["a request", back(ICMP({ type: "echo", id: 3, sequence: 4 })), false],
      ["an error that quotes it", error(11, ping), true],
    ],
  ],
  [
    "an echo request of IPv6",
    out6(ICMPv6({ type: "echo" }), ICMPv6Echo({ id: 3, sequence: 4 })),
    [
      ["its reply", back6(ICMPv6({ type: "echo-reply" }), ICMPv6Echo({ id: 3, sequence: 4 })), true],
      ["another", back6(ICMPv6({ type: "echo-reply" }), ICMPv6Echo({ id: 3, sequence: 5 })), false],
      [
        "an error that quotes it",
        stack(
          IPv6({ src: "fd00::9", dst: "fd00::1" }),
          ICMPv6({ type: "time-exceeded" }),
          ICMPv6Error(),
          out6(ICMPv6({ type: "echo" }), ICMPv6Echo({ id: 3, sequence: 4 })).bytes,
        ).packet(),
        true,
      ],
    ],
  ],
  [
    "an ARP question",
    who,
    [
      ["its reply", stack(Ethernet(), ARP({ op: 2, psrc: there, pdst: here })).packet(), true],
      ["a reply about another", stack(Ethernet(), ARP({ op: 2, psrc: router, pdst: here })).packet(), false],
      ["a question", stack(Ethernet(), ARP({ psrc: there, pdst: here })).packet(), false],
    ],
  ],
  [
    "a neighbour solicitation",
    stack(
      IPv6({ src: "fd00::1", dst: "ff02::1:ff00:2" }),
      ICMPv6({ type: 135 }),
      NeighborSolicitation({ target: "fd00::2" }),
    ).packet(),
    [
      ["its advertisement", back6(ICMPv6({ type: 136 }), NeighborAdvertisement({ target: "fd00::2" })), true],
      ["another", back6(ICMPv6({ type: 136 }), NeighborAdvertisement({ target: "fd00::3" })), false],
    ],
  ],
  [
    "a datagram to a group",
    stack(IPv4({ src: here, dst: "224.0.0.251" }), UDP({ sport: 9, dport: 10 }), "x").packet(),
    [["from a member", back(UDP({ sport: 10, dport: 9 }), "y"), true]],
  ],
])("%s", (_name, request, cases) => {
  test.each(cases)("%s", (_case, answer, expected) => {
    expect(answers(answer, request)).toBe(expected);
  });
});

test("whatever comes, it is decided", () => {
  const requests = [syn, query, ping, who];
  fc.assert(
    fc.property(
      fc.constantFrom(...requests),
      fc.uint8Array({ maxLength: 120 }),
      fc.constantFrom(1, 101),
      (request, bytes, linkType) => {
        expect(answers(Packet.from(bytes, { linkType }), request)).toBe(false);
        expect(typeof answers(request, Packet.from(bytes, { linkType }))).toBe("boolean");
      },
    ),
  );
});

test("of a mutated answer only what identifies it counts", () => {
  const answer = back(ICMP({ type: "echo-reply", id: 3, sequence: 4 }), new Uint8Array(40));
  fc.assert(
    fc.property(fc.nat(answer.capturedLength - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const bytes = answer.bytes.slice();
      bytes[at]! ^= flip;
      // Behind the eight bytes of ICMP, and in the MAC addresses, nothing matters.
      if (at >= 14 + 20 + 8 || at < 12) expect(answers(Packet.from(bytes), ping)).toBe(true);
      // Addresses, protocol, type, id and sequence do.
      if ((at >= 26 && at < 34) || at === 34 || (at >= 38 && at < 42))
        expect(answers(Packet.from(bytes), ping)).toBe(false);
    }),
  );
});
