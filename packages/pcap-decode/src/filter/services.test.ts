import { describe, expect, it } from "vitest";
import { standardProtocol } from "./protocols.ts";
import { standardPort } from "./services.ts";

describe("built-in names", () => {
  it.each([
    ["http", "tcp", 80],
    ["http", "udp", undefined],
    ["domain", "tcp", 53],
    ["domain", "udp", 53],
    ["ftp-data", "tcp", 20],
    ["bootps", "udp", 67],
    ["www", "tcp", 80],
    ["toString", "tcp", undefined],
    ["", "tcp", undefined],
  ] as const)("%s/%s is port %s", (name, transport, port) => {
    expect(standardPort(name, transport)).toBe(port);
  });

  it.each([
    ["tcp", 6],
    ["udp", 17],
    ["icmp", 1],
    ["ipv6-icmp", 58],
    ["OSPFIGP", 89],
    ["constructor", undefined],
  ])("%s is protocol %s", (name, number) => {
    expect(standardProtocol(name)).toBe(number);
  });
});
