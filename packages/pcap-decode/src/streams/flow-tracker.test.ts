import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { type StackPart, stack } from "../build/stack.ts";
import { ARP } from "../layers/arp.ts";
import { Ethernet } from "../layers/ethernet.ts";
import { GRE } from "../layers/gre.ts";
import { ICMP } from "../layers/icmp.ts";
import { IPv4 } from "../layers/ipv4.ts";
import { IPv6 } from "../layers/ipv6.ts";
import { SCTP } from "../layers/sctp.ts";
import { TCP } from "../layers/tcp.ts";
import { UDP } from "../layers/udp.ts";
import { Packet } from "../packet.ts";
import type { Flow } from "./flow.ts";
import { FlowTracker, type FlowTrackerOptions } from "./flow-tracker.ts";

function packet(at: number, ...parts: StackPart[]): Packet {
  const bytes = stack(...parts).bytes();
  return new Packet(bytes, 0, bytes.length, bytes.length, 1, Math.floor(at), Math.round((at % 1) * 1e9));
}

interface Segment {
  readonly from?: "server";
  readonly at: number;
  readonly seq?: number;
  readonly ack?: number;
  readonly flags?: string;
  readonly data?: string;
  readonly window?: number;
}

function segment({ from, at, seq = 0, ack = 0, flags = "A", data = "", window = 8192 }: Segment): Packet {
  const [src, dst, sport, dport] =
    from === "server" ? ["10.0.0.2", "10.0.0.1", 80, 4000] : ["10.0.0.1", "10.0.0.2", 4000, 80];
  return packet(
    at,
    Ethernet(),
    IPv4({ src: src as string, dst: dst as string }),
    TCP({ sport: sport as number, dport: dport as number, seq, ack, flags, window }),
    data,
  );
}

function track(packets: Iterable<Packet>, options: FlowTrackerOptions = {}): FlowTracker {
  const tracker = new FlowTracker(options);
  for (const each of packets) tracker.add(each);
  return tracker;
}

function only(tracker: FlowTracker): Flow {
  const flows = [...tracker];
  expect(flows.length).toBe(1);
  return flows[0]!;
}

const handshake: Segment[] = [
  { at: 1, seq: 9, flags: "S" },
  { from: "server", at: 1.02, seq: 99, ack: 10, flags: "SA" },
  { at: 1.05, seq: 10, ack: 100 },
];

describe("a TCP flow", () => {
  test("has counters, times, state and round trips", () => {
    const segments: Segment[] = [
      ...handshake,
      { at: 1.06, seq: 10, ack: 100, data: "hello" },
      { from: "server", at: 1.16, seq: 100, ack: 15, data: "hi" },
      { at: 1.17, seq: 15, ack: 102, flags: "FA" },
      { from: "server", at: 1.2, seq: 102, ack: 16, flags: "FA" },
    ];
    const flow = only(track(segments.map(segment)));
    expect(flow.client).toEqual({ address: "10.0.0.1", port: 4000 });
    expect([flow.protocolName, flow.ipVersion, flow.packets, flow.bytes, flow.state]).toEqual([
      "TCP",
      4,
      7,
      385,
      "closed",
    ]);
    expect(flow.toServer).toMatchObject({ packets: 4, bytes: 221, payloadBytes: 5, retransmissions: 0 });
    expect(flow.duration).toBeCloseTo(0.2, 9);
    expect(flow.lastSeen.toString()).toBe("1.200000000");
    expect(flow.roundTrip.handshake).toBeCloseTo(0.05, 9);
    expect(flow.roundTrip.samples).toBe(5);
    expect(flow.roundTrip.maximum).toBeCloseTo(0.1, 9);
    expect(flow.roundTrip.minimum).toBeCloseTo(0.01, 9);
    expect(JSON.parse(JSON.stringify(flow))).toMatchObject({ protocol: "TCP", packets: 7, state: "closed" });
  });

  test.each<[string, Segment[], object]>([
    [
      "retransmissions",
      [
        { at: 2, seq: 10, data: "ab" },
        { at: 2.5, seq: 10, data: "ab" },
      ],
      { retransmissions: 1 },
    ],
    [
      "segments that were overtaken",
      [
        { at: 2, seq: 12, data: "cd" },
        { at: 2.001, seq: 10, data: "ab" },
        { at: 2.002, seq: 14, data: "ef" },
      ],
      { outOfOrder: 1, retransmissions: 0 },
    ],
    [
      "lost ones that came again",
      [
        { at: 2, seq: 12, data: "cd" },
        { at: 3, seq: 10, data: "ab" },
      ],
      { retransmissions: 1, outOfOrder: 0 },
    ],
    [
      "keep-alives",
      [
        { at: 2, seq: 9 },
        { at: 3, seq: 9, data: "x" },
      ],
      { keepAlives: 2, retransmissions: 0 },
    ],
    [
      "zero windows",
      [
        { at: 2, seq: 10, window: 0 },
        { at: 3, seq: 10 },
      ],
      { zeroWindows: 1 },
    ],
  ])("counts %s", (_name, segments, counters) => {
    expect(only(track([...handshake, ...segments].map(segment))).toServer).toMatchObject(counters);
  });

  test("a round trip is not timed over a retransmission", () => {
    const segments: Segment[] = [
      ...handshake,
      { at: 2, seq: 10, ack: 100, data: "ab" },
      { at: 3, seq: 10, ack: 100, data: "ab" },
      { from: "server", at: 3.1, seq: 100, ack: 12 },
    ];
    expect(only(track(segments.map(segment))).roundTrip).toMatchObject({ samples: 2 });
  });

  test("is reset, or reopened on the same ports", () => {
    expect(only(track([...handshake, { at: 2, seq: 10, flags: "R" }].map(segment))).state).toBe("reset");
    const ends: string[] = [];
    const tracker = track([...handshake, { at: 2, seq: 10, flags: "R" }, { at: 3, seq: 9, flags: "S" }].map(segment), {
      onEnd: ({ index, endReason }) => void ends.push(`${index} ${endReason}`),
    });
    expect([...tracker].map(({ state, endReason }) => [state, endReason])).toEqual([
      ["reset", "reset"],
      ["opening", undefined],
    ]);
    tracker.finish();
    expect(ends).toEqual(["0 reset", "1 finished"]);
    expect(tracker.size).toBe(2);
  });
});

describe("a tracker", () => {
  const datagram = (at: number, src: string, dst: string, sport = 1000, dport = 53, data = "") =>
    packet(
      at,
      Ethernet({ src: "02:00:00:00:00:01", dst: "02:00:00:00:00:02" }),
      IPv4({ src, dst }),
      UDP({ sport, dport }),
      data,
    );

  test("counts both directions, pairs of addresses, and what is no IP", () => {
    const tracker = track([
      datagram(1, "10.0.0.2", "10.0.0.1", 1000, 53, "ask"),
      datagram(2, "10.0.0.1", "10.0.0.2", 53, 1000, "answer"),
      datagram(3, "10.0.0.2", "10.0.0.1", 1001, 53),
      packet(4, Ethernet({ src: "02:00:00:00:00:01", dst: "ff:ff:ff:ff:ff:ff" }), ARP()),
    ]);
    expect(
      [...tracker].map((flow) => [flow.client.port, flow.toServer.payloadBytes, flow.toClient.payloadBytes]),
    ).toEqual([
      [1000, 3, 6],
      [1001, 0, 0],
    ]);
    expect([...tracker.conversations()].map((each) => each.toJSON())).toMatchObject([
      { a: "10.0.0.2", b: "10.0.0.1", packets: 3, fromA: { packets: 2, bytes: 87 }, fromB: { packets: 1, bytes: 48 } },
    ]);
    expect([...tracker.conversations("ethernet")].map(({ a, b, packets }) => [a, b, packets])).toEqual([
      ["02:00:00:00:00:01", "02:00:00:00:00:02", 3],
      ["02:00:00:00:00:01", "ff:ff:ff:ff:ff:ff", 1],
    ]);
    expect(tracker.totals).toEqual({ packets: 4, bytes: 177, flows: 2, forgotten: 0 });
  });

  test("sees the flow in a tunnel, and each IP header as a conversation", () => {
    const tracker = track([
      packet(
        1,
        Ethernet(),
        IPv4({ src: "1.1.1.1", dst: "2.2.2.2" }),
        GRE(),
        IPv6({ src: "2001:db8::1", dst: "2001:db8::2" }),
        UDP(),
      ),
    ]);
    expect(only(tracker).client.address).toBe("2001:db8::1");
    expect([...tracker.conversations()].map(({ a, b }) => `${a} ${b}`)).toEqual([
      "1.1.1.1 2.2.2.2",
      "2001:db8::1 2001:db8::2",
    ]);
  });

  test("an ICMP error is not the flow that it quotes", () => {
    const quoted = stack(IPv4({ src: "10.0.0.2", dst: "10.0.0.1" }), UDP({ sport: 53, dport: 1000 })).bytes();
    const tracker = track([
      packet(1, Ethernet(), IPv4({ src: "10.0.0.1", dst: "10.0.0.2" }), ICMP({ type: 3, code: 3 }), quoted),
    ]);
    expect([only(tracker).protocolName, [...tracker.conversations()].length]).toEqual(["ICMP", 1]);
  });

  test("gives the greatest without sorting all", () => {
    const sizes = [5, 900, 20, 300, 300, 1, 40];
    const tracker = track(
      sizes.map((size, i) => datagram(1, `10.0.1.${i}`, "10.0.0.1", 1000 + i, 53, "x".repeat(size))),
    );
    expect(tracker.top(3).map(({ toServer }) => toServer.payloadBytes)).toEqual([900, 300, 300]);
    expect(tracker.topConversations(1)[0]!.a).toBe("10.0.1.1");
    expect(tracker.top(100, "packets").length).toBe(7);
    expect(() => tracker.top(0)).toThrow("count: expected an integer from 1");
  });

  test("ends what is quiet, and forgets the ended first, then the quietest", () => {
    const from = (i: number, at: number) => datagram(at, `10.0.2.${i}`, "10.0.0.1");
    const ends: (string | undefined)[] = [];
    const options = { maxFlows: 3, idleTimeout: 10, onEnd: (flow: Flow) => void ends.push(flow.endReason) };
    const tracker = track([from(1, 1), from(2, 5), from(3, 12), from(4, 13), from(5, 14)], options);
    expect([...tracker].map(({ client }) => client.address)).toEqual(["10.0.2.3", "10.0.2.4", "10.0.2.5"].slice(0, 3));
    expect(ends).toEqual(["idle", "limit"]);
    expect(tracker.totals).toMatchObject({ flows: 5, forgotten: 2 });
  });

  test.each([
    [{ maxFlows: 1.5 }, "maxFlows: expected an integer"],
    [{ maxConversations: 0 }, "maxConversations: expected an integer"],
    [{ idleTimeout: Number.NaN }, "idleTimeout: expected seconds above 0"],
    [{ onEnd: "x" as unknown as () => void }, "onEnd: expected a function"],
  ])("refuses %j", (options, message) => expect(() => new FlowTracker(options)).toThrow(message));
});

describe("Community ID", () => {
  const pairs: [string, Packet, readonly (string | number)[]][] = [
    [
      "TCP",
      packet(1, Ethernet(), IPv4({ src: "128.232.110.120", dst: "66.35.250.204" }), TCP({ sport: 34855, dport: 80 })),
      ["128.232.110.120", "66.35.250.204", 6, 34855, 80],
    ],
    [
      "UDP",
      packet(1, Ethernet(), IPv4({ src: "192.168.1.52", dst: "8.8.8.8" }), UDP({ sport: 54585, dport: 53 })),
      ["192.168.1.52", "8.8.8.8", 17, 54585, 53],
    ],
    [
      "UDP over IPv6",
      packet(1, Ethernet(), IPv6({ src: "2001:db8::2", dst: "2001:db8::1" }), UDP({ sport: 5, dport: 9 })),
      ["2001:db8::2", "2001:db8::1", 17, 5, 9],
    ],
    [
      "equal addresses",
      packet(1, Ethernet(), IPv4(), UDP({ sport: 9, dport: 5 })),
      ["127.0.0.1", "127.0.0.1", 17, 9, 5],
    ],
    [
      "SCTP",
      packet(1, Ethernet(), IPv4({ src: "192.168.170.8", dst: "192.168.170.56" }), SCTP({ sport: 7, dport: 7 })),
      ["192.168.170.8", "192.168.170.56", 132, 7, 7],
    ],
    [
      "ping",
      packet(1, Ethernet(), IPv4({ src: "192.168.0.89", dst: "192.168.0.1" }), ICMP({ type: 8 })),
      ["192.168.0.89", "192.168.0.1", 1, 8, 0],
    ],
    [
      "one way",
      packet(1, Ethernet(), IPv4({ src: "192.168.0.89", dst: "192.168.0.1" }), ICMP({ type: 11, code: 1 })),
      ["192.168.0.89", "192.168.0.1", 1, 11, 1, "one way"],
    ],
    [
      "no ports",
      packet(1, Ethernet(), IPv4({ src: "10.0.0.2", dst: "10.0.0.1", protocol: 89 }), "ospf"),
      ["10.0.0.2", "10.0.0.1", 89],
    ],
  ];

  test("is what other code makes of the specification, from either side", () => {
    const program = `
import base64, hashlib, ipaddress, json, struct, sys
for src, dst, proto, *rest in json.load(sys.stdin):
    ports = rest[:2]
    a = (ipaddress.ip_address(src).packed, ports[0] if ports else 0)
    b = (ipaddress.ip_address(dst).packed, ports[1] if ports else 0)
    if a > b and len(rest) < 3: a, b = b, a
    data = struct.pack("!H", 0) + a[0] + b[0] + struct.pack("!BB", proto, 0)
    if ports: data += struct.pack("!HH", a[1], b[1])
    print("1:" + base64.b64encode(hashlib.sha1(data).digest()).decode())
`;
    const input = JSON.stringify(pairs.map(([, , tuple]) => tuple));
    const theirs = execFileSync("/usr/bin/python3", ["-c", program], { input, encoding: "utf8" }).trim().split("\n");
    expect(pairs.map(([, each]) => only(track([each])).communityId())).toEqual(theirs);
    // The first example of the specification.
    expect(theirs[0]).toBe("1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
  });

  test("differs with the seed", () => {
    const flow = only(track([pairs[0]![1]]));
    expect(flow.communityId(1)).not.toBe(flow.communityId());
  });
});
