import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stack } from "../build/stack.ts";
import { Ethernet } from "../layers/ethernet.ts";
import { GRE } from "../layers/gre.ts";
import { IPv4 } from "../layers/ipv4.ts";
import { IPv6 } from "../layers/ipv6.ts";
import { IPv6DestinationOptions, IPv6Fragment, IPv6HopByHop } from "../layers/ipv6-extensions.ts";
import { UDP } from "../layers/udp.ts";
import { Packet } from "../packet.ts";
import { Defragmenter, type DefragmentOptions } from "./defragment.ts";

const content = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 0xff);
const at = (bytes: Uint8Array, time = 1) => new Packet(bytes, 0, bytes.length, bytes.length, 1, time, 0);

function feed(packets: Iterable<Packet>, options: DefragmentOptions = {}): { out: Packet[]; by: Defragmenter } {
  const by = new Defragmenter(options);
  const out = [...packets].flatMap((each) => by.add(each) ?? []);
  return { out, by };
}

const whole4 = stack(
  Ethernet(),
  IPv4({ src: "10.0.0.1", dst: "10.0.0.2", id: 7 }),
  UDP({ sport: 5, dport: 9 }),
  content(3000),
);
const whole6 = stack(
  Ethernet(),
  IPv6({ src: "2001:db8::1", dst: "2001:db8::2" }),
  IPv6HopByHop(),
  UDP({ sport: 5, dport: 9 }),
  content(3000),
);

/** A fragment of IPv4 made by hand; `offset` and data in bytes. */
const part4 = (offset: number, data: Uint8Array | string, more: boolean, id = 7, time = 1) =>
  at(
    stack(
      Ethernet(),
      IPv4({ src: "10.0.0.1", dst: "10.0.0.2", id, protocol: 17, fragmentOffset: offset / 8, flags: more ? 1 : 0 }),
      typeof data === "string" ? Buffer.from(data) : data,
    ).bytes(),
    time,
  );
const part6 = (offset: number, data: string, more: boolean) =>
  at(
    stack(
      Ethernet(),
      IPv6({ src: "2001:db8::1", dst: "2001:db8::2" }),
      IPv6Fragment({ nextHeader: 253, id: 9, fragmentOffset: offset / 8, moreFragments: more ? 1 : 0 }),
      Buffer.from(data),
    ).bytes(),
  );
const body = (packet: Packet | undefined) => Buffer.from(packet?.payload ?? []).toString();

describe("fragments are put together", () => {
  test.each([
    ["IPv4", whole4],
    ["IPv6 behind an extension header", whole6],
  ])("%s, in any order and number, and the layers above decode", (_name, sent) => {
    const fragments = sent.fragment(600).map((bytes) => at(bytes));
    expect(fragments.length).toBeGreaterThan(4);
    fc.assert(
      fc.property(fc.shuffledSubarray([...fragments, ...fragments], { minLength: fragments.length * 2 }), (order) => {
        const { out, by } = feed(order);
        expect(Buffer.from(out[0]!.bytes).equals(sent.bytes())).toBe(true);
        expect(out[0]!.require(UDP).payload).toEqual(content(3000));
        expect(by.statistics.dropped).toBe(0);
      }),
      { numRuns: 30 },
    );
  });

  test("what is no fragment passes as it is; an atomic fragment too", () => {
    const plain = at(whole4.bytes());
    const atomic = part6(0, "whole by itself", false);
    expect(feed([plain, atomic]).out).toEqual([plain, atomic]);
  });

  test("with the time of the packet that completes them", () => {
    expect(feed([part4(0, content(8), true, 7, 3), part4(8, content(8), false, 7, 4)]).out[0]!.seconds).toBe(4);
  });

  test("a tunnel that is fragmented, around packets that are", () => {
    const outer = whole4
      .fragment(1400)
      .flatMap((inner) =>
        stack(
          Ethernet(),
          IPv4({ id: 1 + inner.length + inner[21]! }),
          GRE({ protocol: 0x0800 }),
          inner.subarray(14),
        ).fragment(700),
      );
    expect(outer.length).toBeGreaterThan(6);
    const { out } = feed(outer.map((bytes) => at(bytes)));
    expect(out.map((packet) => packet.get(UDP)?.payload.length)).toEqual([3000]);
  });

  test("datagrams of the same addresses and other numbers stay apart", () => {
    const { out } = feed([
      part4(0, "aaaaaaaa", true, 1),
      part4(8, "bb", false, 2),
      part4(0, "cccccccc", true, 2),
      part4(8, "dd", false, 1),
    ]);
    expect(out.map(body)).toEqual(["ccccccccbb", "aaaaaaaadd"].map((text) => expect.stringContaining(text.slice(8))));
  });
});

describe("overlaps", () => {
  const overlapping = (part: (offset: number, data: string, more: boolean) => Packet) => [
    part(0, "AAAAAAAAAAAAAAAA", true),
    part(8, "bbbbbbbbbbbbbbbb", true),
    part(24, "end", false),
  ];
  // The payload of UDP starts behind its eight bytes.
  test.each<[DefragmentOptions["overlapIPv4"], string | undefined]>([
    ["first", "AAAAAAAAbbbbbbbbend"],
    ["last", "bbbbbbbbbbbbbbbbend"],
    ["reject", undefined],
  ])("IPv4, %s", (overlapIPv4, expected) => {
    const { out, by } = feed(
      overlapping((o, d, m) => part4(o, d, m)),
      { overlapIPv4 },
    );
    expect(out[0] && Buffer.from(out[0].bytes.subarray(42)).toString()).toBe(expected);
    expect(by.statistics.dropped).toBe(expected === undefined ? 1 : 0);
  });

  test("IPv6 rejects, but not the same fragment twice", () => {
    expect(feed(overlapping(part6)).out).toEqual([]);
    const { out } = feed([part6(0, "AAAAAAAA", true), part6(0, "AAAAAAAA", true), part6(8, "end", false)]);
    expect(body(out[0])).toBe("AAAAAAAAend");
    expect(feed(overlapping(part6), { overlapIPv6: "first" }).out.map(body)).toEqual(["AAAAAAAAAAAAAAAAbbbbbbbbend"]);
  });

  test("teardrop: a last fragment inside the first", () => {
    const { out, by } = feed([part4(0, content(36 * 8), true), part4(24, content(4), false)]);
    expect([out.length, by.statistics.dropped]).toEqual([0, 1]);
  });
});

describe("what cannot be is given up", () => {
  test.each<[string, Packet[]]>([
    ["more than 65,535 bytes (ping of death)", [part4(65_528, content(100), false)]],
    ["a length that is no multiple of eight before the end", [part4(0, content(9), true)]],
    ["two ends", [part4(16, content(8), false), part4(24, content(8), false)]],
    ["data behind the end", [part4(32, content(8), true), part4(16, content(8), false)]],
    ["nothing in it", [part4(8, content(0), true)]],
  ])("%s", (_name, packets) => {
    const { out, by } = feed(packets);
    expect([out.length, by.statistics.dropped, by.statistics.heldBytes]).toEqual([0, 1, 0]);
  });

  test("a fragment that the capture cut completes nothing", () => {
    const cut = part4(0, content(64), true);
    const short = new Packet(cut.buffer, 0, 60, cut.originalLength, 1, 1, 0);
    expect(feed([short, part4(64, content(8), false)]).out).toEqual([]);
  });

  test("limits: datagrams, fragments, bytes, time", () => {
    const starts = [1, 2, 3, 4].map((id) => part4(0, content(80), true, id));
    expect(feed(starts, { maxDatagrams: 2 }).by.statistics).toMatchObject({ held: 2, dropped: 2 });
    expect(feed(starts, { maxBytes: 600 }).by.statistics).toMatchObject({ held: 2, dropped: 2 });
    const many = [0, 8, 16, 24].map((offset) => part4(offset, content(8), true));
    expect(feed(many, { maxFragments: 3 }).by.statistics).toMatchObject({ held: 0, dropped: 1, heldBytes: 0 });
    const late = [part4(0, content(8), true, 7, 1), part4(8, content(8), false, 7, 99)];
    expect(feed(late, { timeout: 30 }).out).toEqual([]);
    expect(feed(late, { timeout: 100 }).out.length).toBe(1);
    expect(() => new Defragmenter({ timeout: 0 })).toThrow("timeout: expected seconds above 0, got 0");
    expect(() => new Defragmenter({ overlapIPv4: "none" as "last" })).toThrow('overlapIPv4: expected "first"');
  });

  test("a next header that lies in extension headers of any kind", () => {
    const sent = stack(
      Ethernet(),
      IPv6(),
      IPv6DestinationOptions(),
      IPv6Fragment({ nextHeader: 17, moreFragments: 1 }),
      new Uint8Array(16),
    );
    const end = stack(
      Ethernet(),
      IPv6(),
      IPv6DestinationOptions(),
      IPv6Fragment({ nextHeader: 17, fragmentOffset: 2 }),
      new Uint8Array(3),
    );
    const [out] = feed([at(sent.bytes()), at(end.bytes())]).out;
    expect(out!.layers.map(({ layer }) => layer.name)).toEqual(["Ethernet", "IPv6", "IPv6DestinationOptions", "UDP"]);
  });
});
