import { describe, expect, it } from "vitest";
import { ipv6Mask, parseDotted, parseIpv6, parseMac, prefixMask } from "./address.ts";

describe("addresses", () => {
  it.each([
    ["10.0.0.1", { value: 0x0a000001, bits: 32 }],
    ["192.168", { value: 0xc0a80000, bits: 16 }],
    ["255", { value: 0xff000000, bits: 8 }],
    ["256.0.0.1", undefined],
    ["1.2.3.4.5", undefined],
    ["1..2", undefined],
    ["", undefined],
  ])("reads the dotted number %s", (text, expected) => {
    expect(parseDotted(text)).toEqual(expected);
  });

  it.each([
    ["::", [0, 0, 0, 0]],
    ["::1", [0, 0, 0, 1]],
    ["fe80::1:2", [0xfe800000, 0, 0, 0x00010002]],
    ["1:2:3:4:5:6:7:8", [0x00010002, 0x00030004, 0x00050006, 0x00070008]],
    ["1:2:3:4:5:6:7::", [0x00010002, 0x00030004, 0x00050006, 0x00070000]],
    ["::ffff:192.0.2.1", [0, 0, 0xffff, 0xc0000201]],
    ["::256.0.0.1", undefined],
    ["1:2:3:4:5:6:7:8:9", undefined],
    ["1:2:3:4:5:6:7", undefined],
    ["1::2::3", undefined],
    ["12345::", undefined],
  ])("reads the IPv6 address %s", (text, expected) => {
    expect(parseIpv6(text)).toEqual(expected);
  });

  it.each([
    "00:1b:2c:3d:4e:5f",
    "0:1B:2c:3d:4e:5f",
    "00-1b-2c-3d-4e-5f",
    "0.1b.2c.3d.4e.5f",
    "001b.2c3d.4e5f",
    "001b2c3d4e5f",
  ])("reads the MAC address %s", (text) => {
    expect(parseMac(text)).toEqual([0x00, 0x1b, 0x2c, 0x3d, 0x4e, 0x5f]);
  });

  it("makes masks", () => {
    expect([0, 1, 8, 32].map(prefixMask)).toEqual([0, 0x80000000, 0xff000000, 0xffffffff]);
    expect(ipv6Mask(0)).toEqual([0, 0, 0, 0]);
    expect(ipv6Mask(33)).toEqual([0xffffffff, 0x80000000, 0, 0]);
    expect(ipv6Mask(128)).toEqual([0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff]);
  });
});
