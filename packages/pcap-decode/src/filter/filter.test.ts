import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileFilter } from "./filter.ts";
import { FilterError, FilterSyntaxError } from "./filter-error.ts";
import { interpreter } from "./interpret.ts";
import type { FilterNames } from "./names.ts";

/** Ethernet, IPv4 and TCP from 10.0.0.1:1024 to 192.168.1.2:80. */
const packet = Uint8Array.from(
  Buffer.from(
    "ffffffffffff020000000001" +
      "0800" +
      "45000028000140004006000" +
      "00a000001c0a80102" +
      "04000050" +
      "00".repeat(16),
    "hex",
  ),
);

describe("compileFilter", () => {
  it.each([
    ["", true],
    ["tcp port 80", true],
    ["tcp src port 80", false],
    ["src net 10 and dst host 192.168.1.2", true],
    ["ether broadcast", true],
    ["udp or arp", false],
    ["len = 60", false],
    ["less 60", true],
    ["ip[2:2] = 40 and ip[8] = 64", true],
    ["not (host 10.0.0.1 or host 10.0.0.2)", false],
  ])("%s matches: %s", (expression, expected) => {
    expect(packet.length).toBe(54);
    expect(compileFilter(expression).match(packet)).toBe(expected);
  });

  it("reads a packet at an offset and cuts it where it was captured", () => {
    const buffer = new Uint8Array(200);
    buffer.set(packet, 100);
    const filter = compileFilter("tcp port 80", { snaplen: 96 });
    expect(filter.match(buffer, 100, 54, 54)).toBe(true);
    expect(filter.run(buffer, 100, 54, 54)).toBe(96);
    expect(filter.match(buffer, 100)).toBe(true);
    expect(filter.match(buffer)).toBe(false);
    expect(filter.run(buffer, 100, 37, 54)).toBe(0);
    expect(compileFilter("len = 1500").match(buffer, 100, 54, 1500)).toBe(true);
  });

  it("does not read past the end, whatever lengths it is given", () => {
    const filter = compileFilter("tcp port 80 or ip6 or ether[1000:4] = 1 or ip[ip[0]] = 1");
    for (const [offset, captured] of [
      [0, 10_000],
      [50, 54],
      [54, 0],
      [1000, 54],
      [0, 0],
      [0, -1],
    ] as const) {
      expect(typeof filter.match(packet, offset, captured, 54)).toBe("boolean");
    }
  });

  it("takes link types by number and by name", () => {
    const ip = packet.subarray(14);
    expect(compileFilter("tcp port 80", { linkType: 101 }).match(ip)).toBe(true);
    expect(compileFilter("tcp port 80", { linkType: 12 }).match(ip)).toBe(true);
    expect(compileFilter("tcp port 80", { linkType: "RAW" }).match(ip)).toBe(true);
    expect(compileFilter("link[0] = 0x45", { linkType: 999 }).match(ip)).toBe(true);
    expect(() => compileFilter("ip", { linkType: 999 })).toThrow("link type 999");
  });

  it.each([
    [{ linkType: -1 }, TypeError, "linkType"],
    [{ linkType: "TOKEN" as never }, TypeError, "linkType"],
    [{ netmask: "255.255" }, TypeError, "netmask"],
    [{ netmask: 1.5 }, RangeError, "netmask"],
    [{ snaplen: 0 }, RangeError, "snaplen"],
    [{ libpcap: "1.9" as never }, TypeError, "libpcap"],
  ])("refuses the options %j", (options, type, name) => {
    expect(() => compileFilter("ip", options)).toThrow(type);
    expect(() => compileFilter("ip", options)).toThrow(name);
  });

  it("refuses what is not a string", () => {
    expect(() => compileFilter(undefined as unknown as string)).toThrow(TypeError);
  });

  it("says where and what is wrong", () => {
    expect(() => compileFilter("tcp port 80 and port 70000")).toThrow(
      'port number 70000 greater than maximum 65535 (column 22 of "tcp port 80 and port 70000")',
    );
    expect(() => compileFilter("ip and ip6")).toThrow("expression rejects all packets");
    expect(() => compileFilter("ip[0] / (2 - 2) = 1")).toThrow("division by zero");
    expect(() => compileFilter("ip[0] << (16 + 16) = 1")).toThrow("shift by more than 31 bits");
    expect(() => compileFilter("tcp port")).toThrow(FilterSyntaxError);
    expect(() => compileFilter("host \\a\u001b[2J")).toThrow("unknown host 'a\\x1b[2J'");
  });

  it("asks for names and has those of services and protocols", () => {
    const resolve: FilterNames = {
      host: (name) => (name === "web" ? ["10.0.0.1", "fd00::1", "10.0.0.1"] : undefined),
      ether: (name) => (name === "web" ? "02:00:00:00:00:01" : undefined),
      network: (name) => (name === "lab" ? "10" : undefined),
      port: (name, transport) => (name === "intranet" && transport === "tcp" ? 80 : undefined),
      protocol: (name) => (name === "mine" ? 6 : undefined),
    };
    for (const expression of [
      "src host web",
      "ether src web",
      "src net lab",
      "port intranet",
      "ip proto mine",
      "port http",
      "ip proto \\tcp",
      "portrange ftp-data-http",
    ]) {
      expect(compileFilter(expression, { resolve }).match(packet), expression).toBe(true);
    }
    expect(compileFilter("gateway web", { resolve: { ...resolve, host: () => ["10.9.9.9"] } }).match(packet)).toBe(
      true,
    );
    expect(() => compileFilter("host web")).toThrow("unknown host 'web'");
    expect(() => compileFilter("net lab")).toThrow("unknown network 'lab'");
    expect(() => compileFilter("ether host web")).toThrow("unknown ether host 'web'");
    expect(() => compileFilter("port nothing")).toThrow("unknown port 'nothing'");
    expect(() => compileFilter("udp port http")).toThrow("port 'http' is tcp");
    expect(() => compileFilter("host web", { resolve: { host: () => ["web.example"] } })).toThrow(
      "not an IPv4 or IPv6",
    );
  });

  it("keeps long programs together with jumps over jumps", () => {
    const expression = Array.from({ length: 150 }, (_, index) => `tcp port ${index + 2000}`).join(" or ");
    const plain = compileFilter(`${expression} or dst port 80`, { optimise: false });
    const optimised = compileFilter(`${expression} or dst port 80`);
    expect(plain.instructions.length).toBeGreaterThan(1000);
    expect(plain.validate()).toEqual([]);
    expect(optimised.validate()).toEqual([]);
    const other = packet.slice();
    other[37] = 81;
    for (const filter of [plain, optimised]) {
      expect(filter.match(packet)).toBe(true);
      expect(filter.match(other)).toBe(false);
      expect(interpreter(filter.instructions)(other, 0, 54, 54)).toBe(0);
    }
  });

  it("ends every run of a loop", () => {
    const chain = new Uint8Array(60_000);
    chain.set([0x86, 0xdd, 0x60], 12);
    // Hop-by-hop headers of 8 bytes, each followed by another, to the end of the packet and in a circle.
    expect(compileFilter("ip6 protochain 17").match(chain)).toBe(false);
    const circle = new Uint8Array(200);
    circle.set([0x08, 0x00, 0x45], 12);
    // An authentication header whose length leads libpcap's program back to it.
    circle[23] = 51;
    circle.set([51, 3], 14 + 20);
    expect(compileFilter("ip protochain 17").match(circle)).toBe(false);
  });

  it("throws nothing but FilterError, whatever the text is", () => {
    const words = fc.constantFrom(
      ..."tcp udp ip ip6 ether src dst host net port portrange proto protochain and or not ( ) [ ] : = != < > + - * / % & | ^ << >> len vlan mpls geneve vxlan pppoes broadcast multicast less greater byte 80 0 65536 10.0.0.1 10 ::1 1:2:3:4:5:6 $0 name \\tcp gateway mask llc rnr type subtype dir tcpflags 0x ifindex inbound lane vpi sio action reason".split(
        " ",
      ),
    );
    const linkType = fc.constantFrom(0, 1, 7, 9, 10, 101, 105, 113, 117, 123, 127, 140, 165, 192, 228, 229, 276);
    const text = fc.oneof(
      fc.string(),
      fc.array(words, { maxLength: 12 }).map((list) => list.join(" ")),
    );
    fc.assert(
      fc.property(text, linkType, (expression, type) => {
        try {
          const filter = compileFilter(expression, { linkType: type });
          expect(typeof filter.match(packet)).toBe("boolean");
          expect(filter.toString()).not.toBe("");
        } catch (error) {
          expect(error).toBeInstanceOf(FilterError);
          const { column } = error as FilterError;
          if (column !== undefined) expect(column).toBeLessThanOrEqual(expression.length + 1);
        }
      }),
      { numRuns: 20_000 },
    );
  });
});
