import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { stack } from "./build/stack.ts";
import { createDecoder } from "./decoder.ts";
import { DNS } from "./layers/dns.ts";
import { Ethernet } from "./layers/ethernet.ts";
import { ICMP } from "./layers/icmp.ts";
import { IPv4 } from "./layers/ipv4.ts";
import { TCP } from "./layers/tcp.ts";
import { UDP } from "./layers/udp.ts";
import { VLAN } from "./layers/vlan.ts";
import { Packet } from "./packet.ts";

const tagged = stack(
  Ethernet(),
  VLAN({ vid: 5 }),
  VLAN({ vid: 7 }),
  IPv4({ dst: "192.0.2.1" }),
  TCP({ flags: "SA" }),
  "hello",
).packet({ time: 1.5 });

describe("a packet", () => {
  test("has layers by type and number", () => {
    expect([tagged.has(TCP), tagged.has(UDP)]).toEqual([true, false]);
    expect(tagged.get(VLAN)!.vid).toBe(5);
    expect(tagged.get(VLAN, 1)!.vid).toBe(7);
    expect(tagged.get(VLAN, 2)).toBeUndefined();
    expect(tagged.all(VLAN).map((view) => view.vid)).toEqual([5, 7]);
    expect(tagged.layers.map((view) => view.layer.name)).toEqual(["Ethernet", "VLAN", "VLAN", "IPv4", "TCP"]);
    expect(new TextDecoder().decode(tagged.payload)).toBe("hello");
    expect(new TextDecoder().decode(tagged.require(TCP).payload)).toBe("hello");
  });

  test("says what it is instead when a layer is required that it lacks", () => {
    expect(() => tagged.require(DNS)).toThrow("The packet has no DNS: it is Ethernet / VLAN / VLAN / IPv4 / TCP");
  });

  test("is shown in a line, a tree, JSON and hexadecimal", () => {
    expect(tagged.summary()).toBe(
      "Ethernet / VLAN / VLAN / IPv4 / TCP  127.0.0.1:20 > 192.0.2.1:80  SA seq=0 ack=0 win=8192  payload=5",
    );
    expect(inspect(tagged)).toBe(`Packet { ${tagged.summary()} }`);
    expect(tagged.show()).toContain("1970-01-01T00:00:01.500000000Z");
    expect(tagged.show()).toContain("  flags       SA\n");
    expect(tagged.toJSON().layers[1]).toEqual({ layer: "VLAN", pcp: 0, dei: 0, vid: 5, type: 0x8100 });
    expect(tagged.hexdump().split("\n")[0]).toMatch(
      /^0000 {2}ff ff ff ff ff ff 00 00 {2}00 00 00 00 81 00 00 05 {2}\.{16}$/,
    );
  });

  test("keeps nothing of the memory around it when copied", () => {
    const inside = new Packet(new Uint8Array(100_000), 500, 60, 60, 1, 0, 0);
    expect(inside.copy().buffer.length).toBe(60);
  });

  test("of an unknown link type is all payload", () => {
    const packet = Packet.from(Uint8Array.of(1, 2, 3), { linkType: 147 });
    expect([packet.layers, packet.payload.length, packet.error]).toEqual([[], 3, undefined]);
    expect(packet.summary()).toContain("Raw");
  });

  test("with more than 16 layers is cut there", () => {
    const packet = stack(Ethernet(), ...Array.from({ length: 30 }, () => VLAN())).packet();
    expect(packet.layers.length).toBe(16);
    expect(packet.error).toMatchObject({ code: "too-deep" });
  });

  test("shows nothing that a terminal would obey", () => {
    const packet = stack(
      Ethernet(),
      IPv4(),
      TCP({ dport: 80 }),
      "GET /\u001b[2J\u009b HTTP/1.1\r\nHost: \u202Eevil\r\n\r\n",
    ).packet();
    expect(packet.show()).not.toMatch(/(?!\n)[\p{Cc}\p{Bidi_Control}]/u);
    expect(packet.summary()).toContain("\\x1b[2J");
  });
});

test("padding behind IP belongs to no payload", () => {
  const bytes = new Uint8Array(60);
  bytes.set(stack(Ethernet(), IPv4(), UDP({ dport: 9 }), "abc").bytes());
  const packet = Packet.from(bytes);
  expect(packet.payload.length).toBe(3);
  expect(packet.toJSON().layers[1]!.trailer).toBe("00".repeat(15));
});

test("an ICMP error quotes a packet that is decoded too", () => {
  const quoted = stack(IPv4({ src: "10.0.0.1", dst: "10.0.0.2" }), UDP({ sport: 5, dport: 9 })).bytes();
  const packet = stack(Ethernet(), IPv4({ src: "10.0.0.9" }), ICMP({ type: "unreachable", code: 3 }), quoted).packet();
  expect(packet.get(IPv4, 1)!.dst).toBe("10.0.0.2");
  expect(packet.get(UDP)!.sport).toBe(5);
});

describe("a decoder", () => {
  const decoder = createDecoder([IPv4, TCP]);
  test("reuses its views", () => {
    expect(decoder.decodePacket(tagged)).toBe(true);
    const ip = decoder.get(IPv4)!;
    expect([ip.dst, decoder.has(TCP), decoder.get(TCP)!.dport]).toEqual(["192.0.2.1", true, 80]);
    const udp = stack(Ethernet(), IPv4({ dst: "192.0.2.77" }), UDP()).bytes();
    expect(decoder.decode(udp)).toBe(true);
    expect(decoder.get(IPv4)).toBe(ip);
    expect(ip.dst).toBe("192.0.2.77");
    expect([decoder.has(TCP), decoder.get(TCP)]).toEqual([false, undefined]);
    expect(decoder.decode(new Uint8Array(5))).toBe(false);
  });
  test("needs a layer", () => {
    expect(() => createDecoder([])).toThrow("createDecoder(layers): expected at least one layer");
  });
});
