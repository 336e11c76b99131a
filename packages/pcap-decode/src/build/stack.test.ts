import { describe, expect, test } from "vitest";
import { toHex } from "../hex.ts";
import { DNS } from "../layers/dns.ts";
import { Ethernet } from "../layers/ethernet.ts";
import { GRE } from "../layers/gre.ts";
import { HTTP } from "../layers/http.ts";
import { ICMP } from "../layers/icmp.ts";
import { IPv4 } from "../layers/ipv4.ts";
import { IPv6 } from "../layers/ipv6.ts";
import { IPv6DestinationOptions } from "../layers/ipv6-extensions.ts";
import { MPLS } from "../layers/mpls.ts";
import { QUIC } from "../layers/quic.ts";
import { TCP } from "../layers/tcp.ts";
import { UDP } from "../layers/udp.ts";
import { Packet } from "../packet.ts";
import { internetChecksum } from "./checksum.ts";
import { build, fromJSON, stack } from "./stack.ts";

describe("what is not set is computed", () => {
  test("lengths, checksums and next-protocol numbers", () => {
    const packet = stack(
      Ethernet(),
      IPv4({ src: "10.0.0.1", dst: "10.0.0.2" }),
      TCP({ sport: 1024, flags: "S", options: [{ kind: "mss", value: 1460 }] }),
    ).packet();
    const ip = packet.require(IPv4);
    const tcp = packet.require(TCP);
    expect([packet.require(Ethernet).type, ip.ihl, ip.totalLength, ip.protocol, tcp.dataOffset]).toEqual([
      0x0800, 5, 44, 6, 6,
    ]);
    expect(toHex(packet.bytes.subarray(14))).toBe(
      "4500002c00010000400666c90a0000010a000002040000500000000000000000600220005fd40000020405b4",
    );
  });

  test("the label that ends a stack of labels", () => {
    const packet = stack(Ethernet(), MPLS({ label: 1 }), MPLS({ label: 2 }), IPv4()).packet();
    expect(packet.all(MPLS).map((view) => view.bottom)).toEqual([0, 1]);
    expect(packet.require(Ethernet).type).toBe(0x8847);
  });

  test("the presence bits and the checksum of GRE", () => {
    const packet = stack(IPv4(), GRE({ key: 7, checksum: true }), IPv4()).packet();
    const gre = packet.require(GRE);
    expect([gre.keyPresent, gre.checksumPresent, gre.sequencePresent, gre.key]).toEqual([1, 1, 0, 7]);
    expect(gre.checksum!.value).toBeGreaterThan(0);
    expect(internetChecksum(packet.bytes, gre.offset)).toBe(0);
  });

  test("a UDP checksum of zero is sent as all ones", () => {
    for (let i = 0; i < 70000; i += 1) {
      const bytes = stack(IPv4({ src: "0.0.0.0", dst: "0.0.0.0" }), UDP({ sport: i & 0xffff, dport: 0 })).bytes();
      if (bytes[26] !== 0xff || bytes[27] !== 0xff) continue;
      expect(i).toBe(0xffff - 17 - 8 - 8);
      return;
    }
    throw new Error("no datagram had a sum of zero");
  });
});

describe("what is set is kept", () => {
  test("even when it is wrong", () => {
    const ip = stack(IPv4({ totalLength: 9, checksum: 1, ihl: 15, protocol: 200, version: 4 }), TCP())
      .packet({ time: 0 })
      .require(IPv4);
    expect([ip.totalLength, ip.checksum, ip.ihl, ip.protocol]).toEqual([9, 1, 15, 200]);
  });
});

describe("values", () => {
  test("are accepted by name and by flag", () => {
    const packet = stack(IPv4({ flags: "df" }), TCP({ flags: "SAFE" })).packet();
    expect([packet.require(IPv4).dontFragment, packet.require(TCP).flags]).toEqual([true, 0x53]);
    expect(
      stack(IPv4(), ICMP({ type: "echo-reply" }))
        .packet()
        .require(ICMP).type,
    ).toBe(0);
  });

  const wrong: [string, () => unknown, string][] = [
    ["too large", () => stack(IPv4({ ttl: 256 })).bytes(), "IPv4.ttl: expected an integer from 0 to 255, got 256"],
    [
      "no number",
      () => stack(TCP({ dport: "http" })).bytes(),
      'TCP.dport: expected an integer from 0 to 65535, got "http"',
    ],
    [
      "no flag",
      () => stack(TCP({ flags: "SX" })).bytes(),
      "TCP.flags: expected an integer from 0 to 511 or flags of F S R P A U E C N",
    ],
    [
      "no address",
      () => stack(IPv4({ dst: "1.2.3" })).bytes(),
      'IPv4.dst: expected four numbers such as 192.0.2.1, got "1.2.3"',
    ],
    [
      "no field",
      () => IPv4({ destination: "1.2.3.4" } as never),
      "IPv4({ destination }): expected one of version, ihl",
    ],
    ["no part", () => stack(5 as never), "stack(…): expected a layer such as IPv4({ … }), a Uint8Array or text, got 5"],
    ["a layer behind bytes", () => stack("abc", IPv4()), "stack(…): expected nothing behind the payload"],
    [
      "no name",
      () => stack(DNS({ questions: [{ name: "a".repeat(64), type: 1, class: 1 }] })).bytes(),
      "DNS.questions: expected labels of 1 to 63 bytes, 255 in all",
    ],
    [
      "no layer",
      () => build({ layers: [{ layer: "Nope" }] }),
      'layers: expected the name of a defined layer, got "Nope"',
    ],
  ];
  test.each(wrong)("%s", (_name, run, message) => expect(run).toThrow(message));
});

describe("from JSON", () => {
  const packet = stack(
    Ethernet(),
    IPv4({ dst: "10.9.8.7" }),
    UDP({ sport: 7 }),
    DNS({ id: 5, questions: [{ name: "a.example", type: 28, class: 1 }] }),
  ).packet();
  const json = JSON.parse(JSON.stringify(packet));

  test("the same bytes", () => {
    expect(toHex(build(json))).toBe(toHex(packet.bytes));
  });

  test("a changed packet keeps its old checksums unless they are recomputed", () => {
    json.layers[1].ttl = 3;
    json.layers[3].questions[0].name = "much.longer.example";
    const kept = Packet.from(build(json));
    expect(kept.require(IPv4).checksum).toBe(packet.require(IPv4).checksum);
    const fixed = Packet.from(build(json, { recompute: true }));
    const again = Packet.from(fromJSON(JSON.parse(JSON.stringify(fixed)), { recompute: true }).bytes());
    expect(fixed.error).toBeUndefined();
    expect(fixed.require(IPv4).totalLength).toBe(packet.require(IPv4).totalLength + 10);
    expect(toHex(again.bytes)).toBe(toHex(fixed.bytes));
  });
});

test("every layer can be built from its defaults and is found again", async () => {
  const index = await import("../index.ts");
  for (const layer of Object.values(index)) {
    if (typeof layer !== "function" || !("places" in layer) || !("code" in layer)) continue;
    const make = layer as unknown as typeof IPv4;
    const bytes = stack(make()).bytes();
    const view = make.decode(bytes);
    expect(view, make.name).toBeDefined();
    expect(toHex(build({ layers: [JSON.parse(JSON.stringify(view!.toJSON()))] })), make.name).toBe(toHex(bytes));
  }
});

test("HTTP from a start line and headers, QUIC with ids, IPv6 options padded", () => {
  const http = stack(HTTP({ head: { start: "GET / HTTP/1.1", headers: { Host: "a.example" } } })).bytes();
  expect(new TextDecoder().decode(http)).toBe("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
  const quic = stack(QUIC({ destinationId: "0102", sourceId: "" }), new Uint8Array(20)).bytes();
  const view = QUIC.decode(quic)!;
  expect([view.packetType, view.destinationId, view.token, view.length, view.payload.length]).toEqual([
    "initial",
    "0102",
    "",
    20,
    20,
  ]);
  const options = stack(IPv6(), IPv6DestinationOptions({ options: [{ type: 5, data: "0000" }] }), TCP()).packet();
  expect(options.require(IPv6DestinationOptions).headerLength).toBe(8);
  expect(options.has(TCP)).toBe(true);
});
