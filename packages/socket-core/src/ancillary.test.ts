import { openSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type AncillaryMessage,
  ancillarySpace,
  decodeAncillary,
  encodeAncillary,
  packetInfo,
  parseAncillary,
  rights,
  timeToLive,
  typeOfService,
} from "./ancillary.ts";
import * as C from "./constants.ts";

const item = fc.record({
  level: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  type: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  data: fc.uint8Array({ maxLength: 300 }),
});

/** Items that pass descriptors would close numbers of this process. */
function harmless({ level, type }: AncillaryMessage): boolean {
  return level !== C.SOL_SOCKET || type !== C.SCM_RIGHTS;
}

const levels = [C.SOL_SOCKET, C.IPPROTO_IP, C.IPPROTO_IPV6, C.SOL_UDP];
const known = fc.record({
  level: fc.constantFrom(...levels),
  type: fc.integer({ min: 0, max: 110 }),
  data: fc.uint8Array({ maxLength: 64 }),
});

describe("the bytes of a control buffer", () => {
  it("give the items back", () => {
    fc.assert(
      fc.property(fc.array(item, { maxLength: 8 }), (items) => {
        const bytes = encodeAncillary(items);
        expect(bytes.length).toBe(items.reduce((total, { data }) => total + ancillarySpace(data.length), 0));
        expect(decodeAncillary(bytes)).toEqual(items);
      }),
    );
  });

  it("may be cut anywhere: whole items come out, and nothing is read beyond the end", () => {
    fc.assert(
      fc.property(fc.array(item, { minLength: 1, maxLength: 4 }), fc.nat(2000), (items, cut) => {
        const bytes = encodeAncillary(items);
        const decoded = decodeAncillary(bytes.subarray(0, Math.min(cut, bytes.length)));
        expect(items.slice(0, decoded.length)).toEqual(decoded);
      }),
    );
  });

  it("may be anything", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        parseAncillary(decodeAncillary(bytes).filter(harmless));
      }),
    );
  });

  it("may hold known items of any length", () => {
    fc.assert(
      fc.property(fc.array(known), (items) => {
        parseAncillary(items.filter(harmless));
      }),
    );
  });

  it("a number that was cut off is left out, not guessed", () => {
    const cut = (length: number): AncillaryMessage[] =>
      [timeToLive(9, { address: "::1", port: 1 }), typeOfService(3, { address: "127.0.0.1", port: 1 })].map((item) => ({
        ...item,
        data: item.data.subarray(0, length),
      }));
    for (const length of [0, 2, 3]) expect(parseAncillary(cut(length))).toEqual({});
    expect(parseAncillary(cut(4))).toEqual({ ttl: 9, tos: 3 });
  });

  it.each([
    [undefined, "ancillary must be a list"],
    [[{ level: 1, type: 1 }], "ancillary must be a list"],
    [[{ level: -1, type: 1, data: new Uint8Array(0) }], "level must be an integer"],
    [[{ level: 1, type: 0.5, data: new Uint8Array(0) }], "type must be an integer"],
  ])("are not made from %j", (items, message) => {
    expect(() => encodeAncillary(items as unknown as AncillaryMessage[])).toThrow(message);
  });
});

describe("what is sent is understood by the receiver", () => {
  it.each([
    ["packetInfo IPv4", packetInfo("192.0.2.1", 3), {}],
    ["packetInfo IPv6", packetInfo("2001:db8::1", 3), { packetInfo: { address: "2001:db8::1", interface: 3 } }],
    ["ttl IPv4", timeToLive(9, { address: "192.0.2.1", port: 1 }), { ttl: 9 }],
    ["ttl IPv6", timeToLive(9, { address: "::1", port: 1 }), { ttl: 9 }],
    ["tos IPv4", typeOfService(0xb8, { address: "192.0.2.1", port: 1 }), { tos: 0xb8 }],
    ["tos IPv6", typeOfService(3, { address: "::1", port: 1 }), { tos: 3 }],
  ])("%s", (_name, message, expected) => {
    expect(parseAncillary([message])).toMatchObject(expected);
  });

  it.each([
    [() => rights([]), "descriptors must be 1 to 253"],
    [() => rights(new Array(254).fill(0)), "descriptors must be 1 to 253"],
    [() => rights([-1]), "descriptor must be an integer"],
    [() => rights("1" as unknown as number[]), "descriptors must be a list"],
    [() => packetInfo("example"), "address must be an IPv4 or IPv6 literal"],
    [() => packetInfo("::1", -1), "interface must be an integer"],
    [() => timeToLive(0, { address: "::1", port: 1 }), "ttl must be an integer from 1 to 255"],
    [() => typeOfService(256, { address: "::1", port: 1 }), "tos must be an integer from 0 to 255"],
  ])("bad arguments: %s", (make, message) => {
    expect(make).toThrow(message);
  });
});

describe("descriptors", () => {
  it("are taken once", () => {
    const { descriptors } = parseAncillary([rights([openSync("/dev/null", "r"), openSync("/dev/null", "r")])]);
    const [first, second] = descriptors!;
    first!.close();
    expect(first!.fd).toBe(-1);
    first!.close();
    expect(() => first!.take()).toThrow("descriptor must be one that was neither taken nor closed");
    second!.close();
  });
});
