import { describe, expect, test } from "vitest";
import { toHex } from "../hex.ts";
import { Ethernet } from "../layers/ethernet.ts";
import { IPv4 } from "../layers/ipv4.ts";
import { IPv6 } from "../layers/ipv6.ts";
import { IPv6Fragment, IPv6HopByHop } from "../layers/ipv6-extensions.ts";
import { UDP } from "../layers/udp.ts";
import { Packet } from "../packet.ts";
import { stack } from "./stack.ts";

const data = Uint8Array.from({ length: 3000 }, (_, i) => i % 251);

describe("IPv4", () => {
  const whole = stack(
    Ethernet(),
    IPv4({
      dst: "192.0.2.1",
      id: 77,
      options: [
        { type: 131, data: "04c0000201" },
        { type: 7, data: "040000" },
      ],
    }),
    UDP({ sport: 1, dport: 2 }),
    data,
  );

  test.each([68, 576, 1006, 1500])("in an MTU of %i", (mtu) => {
    const fragments = whole.fragment(mtu).map((bytes) => Packet.from(bytes));
    const headers = fragments.map((packet) => packet.require(IPv4));
    expect(headers.every((ip) => ip.totalLength <= mtu && ip.id === 77)).toBe(true);
    expect(headers.map((ip) => ip.moreFragments)).toEqual(headers.map((_, i) => i < headers.length - 1));
    const joined = Buffer.concat(headers.map((ip) => ip.payload));
    expect(toHex(joined)).toBe(toHex(whole.packet().require(IPv4).payload));
    let offset = 0;
    for (const ip of headers) {
      expect(ip.fragmentOffset * 8).toBe(offset);
      offset += ip.payload.length;
    }
    // Only options with the copy bit are in later fragments.
    expect(headers.map((ip) => ip.options.filter(({ type }) => type > 1).map(({ type }) => type))).toEqual(
      headers.map((_, i) => (i === 0 ? [131, 7] : [131])),
    );
  });

  test("one that fits stays whole", () => {
    expect(whole.fragment(4000).map((bytes) => toHex(bytes))).toEqual([toHex(whole.bytes())]);
  });

  test("one that says not to is refused", () => {
    expect(() => stack(IPv4({ flags: "df" }), data).fragment(1500)).toThrow(
      `fragment: expected at least 3020: the packet says "don't fragment", got 1500`,
    );
  });
});

test("IPv6: headers of the route stay in front, the rest is split", () => {
  const whole = stack(
    Ethernet(),
    IPv6({ dst: "2001:db8::1" }),
    IPv6HopByHop({ options: [{ type: 5, data: "0000" }] }),
    UDP({ sport: 1, dport: 2 }),
    data,
  );
  const fragments = whole.fragment(1280).map((bytes) => Packet.from(bytes));
  expect(fragments.length).toBe(3);
  const parts = fragments.map((packet) => packet.require(IPv6Fragment));
  expect(fragments.every((packet) => packet.has(IPv6HopByHop) && packet.require(IPv6).payloadLength + 40 <= 1280)).toBe(
    true,
  );
  expect(new Set(parts.map((part) => part.id)).size).toBe(1);
  expect(parts.map((part) => [part.nextHeader, part.moreFragments])).toEqual([
    [17, 1],
    [17, 1],
    [17, 0],
  ]);
  const joined = Buffer.concat(parts.map((part) => part.payload));
  expect(toHex(joined)).toBe(toHex(whole.bytes().subarray(14 + 40 + 8)));
});

test("without IP there is nothing to fragment", () => {
  expect(() => stack(Ethernet(), data).fragment(1500)).toThrow("fragment: expected a packet with IPv4 or IPv6");
  expect(() => stack(IPv4(), data).fragment(1)).toThrow("fragment(mtu): expected an integer from 28 to 65535, got 1");
});
