import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AF_INET, AF_INET6, AF_UNIX } from "./constants.ts";
import { htonl, htons, inetAton, inetNtoa, inetNtop, inetPton, ntohl, ntohs } from "./inet.ts";

describe("inetPton and inetNtop", () => {
  it("are each other's inverse", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 4 }), (b) => {
        expect([...inetPton(AF_INET, inetNtop(AF_INET, b))]).toEqual([...b]);
        expect(inetNtoa(inetAton(inetNtoa(b)))).toBe(inetNtoa(b));
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (b) => {
        expect([...inetPton(AF_INET6, inetNtop(AF_INET6, b))]).toEqual([...b]);
      }),
    );
  });

  it.each([
    [() => inetPton(AF_INET, "1.2.3"), "text must be an IPv4 literal"],
    [() => inetPton(AF_INET, "01.2.3.4"), "text must be an IPv4 literal"],
    [() => inetPton(AF_INET6, "fe80::1%lo"), "text must be an IPv6 literal"],
    [() => inetPton(AF_UNIX, "x"), "family must be AF_INET or AF_INET6"],
    [() => inetNtop(AF_INET, new Uint8Array(3)), "bytes must be 4 bytes long"],
    [() => inetNtop(AF_INET6, new Uint8Array(4)), "bytes must be 16 bytes long"],
    [() => inetPton(AF_INET, 1 as unknown as string), "text must be a string"],
  ])("%s", (call, message) => {
    expect(call).toThrow(message);
  });
});

/** The same that glibc's inet_aton gives. */
describe.each([
  ["127.0.0.1", "7f000001"],
  ["127.1", "7f000001"],
  ["1.2.3", "01020003"],
  ["1.2.65535", "0102ffff"],
  ["16909060", "01020304"],
  ["0x7f.1", "7f000001"],
  ["0177.0.0.01", "7f000001"],
  ["4294967295", "ffffffff"],
  ["0", "00000000"],
])("inetAton(%s)", (text, hex) => {
  it(`is ${hex}`, () => expect(inetAton(text).toString("hex")).toBe(hex));
});

it.each([
  "",
  "1.2.3.4.5",
  "256.1",
  "1.2.3.256",
  "4294967296",
  "08",
  "0x",
  "1.2.65536.1",
  "a",
  "1..2",
  " 1",
  "1.2.3.-1",
])("inetAton(%j) is an error", (text) => {
  expect(() => inetAton(text)).toThrow("text must be an IPv4 address");
});

describe("byte order", () => {
  it("turns numbers into what lies on the wire", () => {
    expect([...new Uint8Array(new Uint16Array([htons(0x1234)]).buffer)]).toEqual([0x12, 0x34]);
    expect([...new Uint8Array(new Uint32Array([htonl(0xfedcba98)]).buffer)]).toEqual([0xfe, 0xdc, 0xba, 0x98]);
  });

  it("and back", () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 0xffff }), (n) => ntohs(htons(n)) === n));
    fc.assert(fc.property(fc.integer({ min: 0, max: 0xffffffff }), (n) => ntohl(htonl(n)) === n));
  });

  it("refuses what does not fit", () => {
    expect(() => htons(65536)).toThrow("value must be an integer from 0 to 65535, got 65536");
    expect(() => htonl(-1)).toThrow("value must be an integer from 0 to 4294967295, got -1");
  });
});
