import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import {
  type Address,
  addressBuffer,
  decodeAddress,
  encodeAddress,
  formatIPv6,
  parseIPv4,
  parseIPv6,
} from "./address.ts";
import { AF_INET, AF_INET6, AF_UNIX } from "./constants.ts";

function roundTrip(family: number, address: Address): Address {
  encodeAddress(family, address);
  return decodeAddress();
}

describe("IPv4", () => {
  const octet = fc.integer({ min: 0, max: 255 });
  const port = fc.integer({ min: 0, max: 65535 });

  it("comes back as it was", () => {
    fc.assert(
      fc.property(octet, octet, octet, octet, port, (a, b, c, d, port) => {
        const address = { address: `${a}.${b}.${c}.${d}`, port };
        expect(roundTrip(AF_INET, address)).toEqual(address);
      }),
    );
  });

  it("lies in memory as sockaddr_in does", () => {
    encodeAddress(AF_INET, { address: "192.0.2.1", port: 0x1234 });
    expect([...addressBuffer.subarray(6, 12)]).toEqual([0x12, 0x34, 192, 0, 2, 1]);
    expect(new Uint32Array(addressBuffer.buffer, 0, 1)[0]).toBe(16);
  });

  test.each([
    "",
    "1",
    "1.2.3",
    "1.2.3.",
    ".1.2.3",
    "1..2.3",
    "1.2.3.4.5",
    "256.1.1.1",
    "01.2.3.4",
    "1.2.3.0004",
    "1.2.3.4 ",
    "0x1.2.3.4",
    "a.b.c.d",
    "1.2.3.-4",
    "١.2.3.4",
  ])("refuses %j", (text) => {
    expect(parseIPv4(text, new Uint8Array(4), 0)).toBe(false);
    expect(() => encodeAddress(AF_INET, { address: text, port: 1 })).toThrow(/address must be an IPv4 literal/);
  });
});

describe("IPv6", () => {
  const group = fc.integer({ min: 0, max: 0xffff });
  const bytes = fc.oneof(
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
    // Runs of zeros are what the short form is about.
    fc.array(fc.oneof(fc.constant(0), group), { minLength: 8, maxLength: 8 }).map((groups) => {
      return Uint8Array.from(groups.flatMap((g) => [g >> 8, g & 255]));
    }),
  );

  it("is parsed from what it is printed as", () => {
    fc.assert(
      fc.property(bytes, (address) => {
        const parsed = new Uint8Array(16);
        expect(parseIPv6(formatIPv6(address, 0), parsed, 0)).toBe(true);
        expect(parsed).toEqual(address);
      }),
    );
  });

  it("comes back with its port, scope and flow", () => {
    const number = fc.integer({ min: 1, max: 2 ** 32 - 1 });
    fc.assert(
      fc.property(bytes, number, number, (raw, scopeId, flowinfo) => {
        const address = { address: formatIPv6(raw, 0), port: 443, scopeId, flowinfo };
        expect(roundTrip(AF_INET6, address)).toEqual(address);
      }),
    );
  });

  test.each([
    ["::", "::"],
    ["::1", "::1"],
    ["1::", "1::"],
    ["2001:DB8::0:1", "2001:db8::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
    ["::ffff:192.0.2.1", "::ffff:192.0.2.1"],
    ["::192.0.2.1", "::c000:201"],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
    ["192.0.2.1", "::ffff:192.0.2.1"],
  ])("prints %s as %s, RFC 5952", (text, printed) => {
    expect(roundTrip(AF_INET6, { address: text, port: 0 })).toEqual({ address: printed, port: 0 });
  });

  it("takes a zone by number and by the name of an interface", () => {
    expect(roundTrip(AF_INET6, { address: "fe80::1%7", port: 1 })).toEqual({ address: "fe80::1", port: 1, scopeId: 7 });
    const loopback = process.platform === "darwin" ? "lo0" : "lo";
    expect(roundTrip(AF_INET6, { address: `fe80::1%${loopback}`, port: 1 })).toHaveProperty("scopeId", 1);
    expect(() => encodeAddress(AF_INET6, { address: "fe80::1%nosuchif0", port: 1 })).toThrow(/if_nametoindex ENXIO/);
  });

  test.each([
    "",
    ":",
    ":::",
    "1",
    "1:2",
    "1::2::3",
    "1:2:3:4:5:6:7:8:9",
    "g::",
    "::1.2.3",
    "::12345",
    "[::1]",
    "fe80::1%",
    "::1%4294967296",
  ])("refuses %j", (text) => {
    expect(() => encodeAddress(AF_INET6, { address: text, port: 1 })).toThrow(RangeError);
  });
});

describe("Unix", () => {
  it("comes back as it was, the longest path included", () => {
    const path = fc.string({ unit: "grapheme", minLength: 1, maxLength: 107 }).filter((text) => {
      return !text.includes("\0") && Buffer.byteLength(text) <= 107 && text.isWellFormed();
    });
    fc.assert(
      fc.property(path, (path) => {
        expect(roundTrip(AF_UNIX, { path })).toEqual({ path });
      }),
    );
    const longest = { path: "p".repeat(107) };
    expect(roundTrip(AF_UNIX, longest)).toEqual(longest);
  });

  it.runIf(process.platform === "linux")("keeps every byte of an abstract name", () => {
    for (const path of ["\0name", "\0with\0nul", `\0${"a".repeat(107)}`, "\0"]) {
      expect(roundTrip(AF_UNIX, { path })).toEqual({ path });
    }
  });

  test.each(["", "p".repeat(108), "é".repeat(54), "a\0b", `\0${"a".repeat(108)}`])("refuses %j", (path) => {
    expect(() => encodeAddress(AF_UNIX, { path })).toThrow(RangeError);
  });
});

describe("what does not fit the family", () => {
  test.each([
    [AF_INET, undefined, TypeError, "address must be { address, port }, got undefined"],
    [AF_INET, null, TypeError, "got null"],
    [AF_INET, "127.0.0.1:80", TypeError, "got '127.0.0.1:80'"],
    [AF_INET, { path: "/x" }, TypeError, "{ address, port } for this socket"],
    [AF_INET, { address: "127.0.0.1" }, TypeError, "port must be an integer from 0 to 65535, got undefined"],
    [AF_INET, { address: "127.0.0.1", port: "80" }, TypeError, "port must be an integer from 0 to 65535, got '80'"],
    [AF_INET, { address: "127.0.0.1", port: 65536 }, RangeError, "got 65536"],
    [AF_INET, { address: "127.0.0.1", port: -1 }, RangeError, "got -1"],
    [AF_INET, { address: "127.0.0.1", port: 1.5 }, RangeError, "got 1.5"],
    [AF_INET, { address: "127.0.0.1", port: Number.NaN }, RangeError, "got NaN"],
    [AF_INET, { port: 1 }, TypeError, "address must be a string, got undefined"],
    [AF_INET, { address: "localhost", port: 1 }, RangeError, "address must be an IPv4 literal"],
    [AF_INET6, { address: "::1", port: 1, scopeId: -1 }, RangeError, "scopeId must be"],
    [AF_INET6, { address: "::1", port: 1, flowinfo: "x" }, TypeError, "flowinfo must be"],
    [AF_UNIX, { address: "127.0.0.1", port: 1 }, TypeError, "{ path } for a Unix socket"],
    [AF_UNIX, { path: 1 }, TypeError, "path must be a string, got 1"],
    [
      99,
      { address: "127.0.0.1", port: 1 },
      RangeError,
      "family must be AF_INET, AF_INET6, AF_UNIX or AF_PACKET, got 99",
    ],
  ])("%i %j", (family, address, type, message) => {
    expect(() => encodeAddress(family, address)).toThrow(type);
    expect(() => encodeAddress(family, address)).toThrow(message);
    expect(() => encodeAddress(family, address)).toThrow(expect.objectContaining({ code: "ERR_INVALID_ARG" }));
  });

  it("has a wildcard and a loopback for bind only", () => {
    const wildcard = (family: number, value: unknown): Address => {
      encodeAddress(family, value, true);
      return decodeAddress();
    };
    expect(wildcard(AF_INET, { port: 5 })).toEqual({ address: "0.0.0.0", port: 5 });
    expect(wildcard(AF_INET6, { port: 5 })).toEqual({ address: "::", port: 5 });
    expect(wildcard(AF_INET, { address: "localhost", port: 5 })).toEqual({ address: "127.0.0.1", port: 5 });
    expect(wildcard(AF_INET6, { address: "localhost", port: 5 })).toEqual({ address: "::1", port: 5 });
  });
});
