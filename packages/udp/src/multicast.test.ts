import { AF_INET, AF_INET6, AF_UNIX, IPPROTO_IP, IPPROTO_IPV6 } from "@sockeye/socket-core";
import { describe, expect, it } from "vitest";
import { interfaceNumber, isMulticast, membership, sourceMembership } from "./multicast.ts";

it.each([
  [AF_INET, "224.0.0.0", true],
  [AF_INET, "239.255.255.255", true],
  [AF_INET, "223.255.255.255", false],
  [AF_INET, "240.0.0.0", false],
  [AF_INET6, "ff02::1", true],
  [AF_INET6, "ff::1", false],
  [AF_INET6, "fe80::1", false],
])("family %i: %s is multicast: %s", (family, address, expected) => {
  expect(isMulticast(family, address)).toBe(expected);
});

describe("the bytes of a membership", () => {
  it("are struct ip_mreqn for IPv4", () => {
    const { level, value } = membership(AF_INET, true, "239.1.2.3", 1);
    expect(level).toBe(IPPROTO_IP);
    expect([...value]).toEqual([239, 1, 2, 3, 0, 0, 0, 0, 1, 0, 0, 0]);
  });

  it("are struct ipv6_mreq for IPv6", () => {
    const { level, value } = membership(AF_INET6, true, "ff02::fb", 7);
    expect(level).toBe(IPPROTO_IPV6);
    expect([...value]).toEqual([0xff, 2, ...new Array(13).fill(0), 0xfb, 7, 0, 0, 0]);
  });

  it("are those of IPv4 for an IPv4 group on a dual-stack socket", () => {
    expect(membership(AF_INET6, false, "239.1.2.3")).toMatchObject({ level: IPPROTO_IP });
  });

  it("are struct group_source_req for a source", () => {
    const { value } = sourceMembership(AF_INET, true, "232.1.2.3", "192.0.2.1", 3);
    expect(value).toHaveLength(8 + 2 * 128);
    expect([...value.subarray(0, 4)]).toEqual([3, 0, 0, 0]);
    expect([...value.subarray(8, 16)]).toEqual([AF_INET, 0, 0, 0, 232, 1, 2, 3]);
    expect([...value.subarray(136, 144)]).toEqual([AF_INET, 0, 0, 0, 192, 0, 2, 1]);
  });
});

it.each([
  [() => membership(AF_INET, true, "10.0.0.1"), "group must be in 224.0.0.0/4, got '10.0.0.1'"],
  [() => membership(AF_INET, true, "ff02::1"), "group must be in 224.0.0.0/4"],
  [() => membership(AF_INET6, true, "fe80::1"), "group must be in ff00::/8"],
  [() => membership(AF_INET6, true, "example.org"), "group must be in ff00::/8"],
  [() => membership(AF_INET, true, 5 as never), "group must be"],
  [() => membership(AF_UNIX, true, "239.0.0.1"), "endpoint must be one of IPv4 or IPv6"],
  [() => sourceMembership(AF_INET, true, "232.0.0.1", "::1"), "source must be an IPv4 literal"],
  [() => sourceMembership(AF_INET6, true, "ff3e::1", "127.0.0.1"), "source must be an IPv6 literal"],
  [() => interfaceNumber("no-such-interface"), "interface must be the name of an interface of this machine"],
  [() => interfaceNumber(-1), "interface must be a name or a number"],
  [() => interfaceNumber({} as never), "interface must be a name or a number"],
])("refuses what does not fit: %s", (call, message) => {
  expect(call).toThrow(message);
});

it("knows interfaces by name and by number", () => {
  expect(interfaceNumber("lo")).toBe(1);
  expect(interfaceNumber(4)).toBe(4);
  expect(interfaceNumber(undefined)).toBe(0);
});
