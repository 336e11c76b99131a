import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { stack } from "../build/stack.ts";
import { Ethernet } from "../layers/ethernet.ts";
import { IPv4 } from "../layers/ipv4.ts";
import { TCP } from "../layers/tcp.ts";
import { Packet } from "../packet.ts";
import { describeLayer } from "./describe.ts";

const bytesOf = (packet: Packet, { start, end }: { start: number; end: number }) =>
  Buffer.from(packet.buffer.subarray(start, end)).toString("hex");

test("each field is told with its text and its bytes", () => {
  const options = [{ kind: "mss", value: 1460 }] as const;
  const packet = stack(
    Ethernet(),
    IPv4({ dst: "192.0.2.1", ttl: 7 }),
    TCP({ sport: 40000, dport: 80, flags: "S", options }),
  ).packet();
  const [, ip, tcp] = packet.layers.map((view) => new Map(describeLayer(view).map((field) => [field.name, field])));
  expect(bytesOf(packet, ip!.get("dst")!)).toBe("c0000201");
  expect(ip!.get("dst")!.texts).toEqual(["192.0.2.1"]);
  expect(bytesOf(packet, ip!.get("ttl")!)).toBe("07");
  // Two halves of one byte.
  expect([ip!.get("version")!.start, ip!.get("ihl")!.start]).toEqual([14, 14]);
  expect(bytesOf(packet, tcp!.get("sport")!)).toBe("9c40");
  expect(bytesOf(packet, tcp!.get("options")!)).toBe("020405b4");
});

test("whatever the bytes, fields lie within the packet and in order", () => {
  const query = readFileSync(new URL("../../test/data/dns-query.bin", import.meta.url));
  const mutated = fc
    .array(fc.tuple(fc.nat(query.length - 1), fc.nat(255)), { maxLength: 12 })
    .map((changes) => changes.reduce((bytes, [at, value]) => bytes.with(at, value), new Uint8Array(query)));
  fc.assert(
    fc.property(mutated, fc.nat(query.length), (bytes, length) => {
      const packet = Packet.from(bytes.subarray(0, length), { time: 0 });
      for (const view of packet.layers) {
        let last = view.offset;
        for (const { start, end, texts } of describeLayer(view)) {
          expect(start).toBeGreaterThanOrEqual(last);
          expect(end).toBeGreaterThanOrEqual(start);
          expect(end).toBeLessThanOrEqual(view.end);
          expect(texts.join("")).not.toMatch(/\p{Cc}/u);
          last = start;
        }
      }
    }),
  );
});
