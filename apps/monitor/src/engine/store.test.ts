import { Packet } from "@sockeye/pcap-decode";
import fc from "fast-check";
import { expect, test } from "vitest";
import { PacketStore } from "./store.ts";

function packet(fill: number, length: number): Packet {
  return new Packet(new Uint8Array(length + 3).fill(fill), 3, length, length + 1, 101, 1000 + fill, fill);
}

test("gives back what was put in, by number", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(255), fc.nat(2000)), { maxLength: 60 }), (sizes) => {
      const store = new PacketStore();
      for (const [fill, length] of sizes) store.append(packet(fill, length));
      expect([store.first, store.end, store.count]).toEqual([0, sizes.length, sizes.length]);
      for (const [number, [fill, length]] of sizes.entries()) {
        const kept = store.packet(number)!;
        expect([...kept.bytes]).toEqual(new Array(length).fill(fill));
        expect(kept).toMatchObject({ originalLength: length + 1, linkType: 101, seconds: 1000 + fill });
      }
    }),
  );
});

test("keeps a copy: the memory that a packet came in may be used again", () => {
  const store = new PacketStore();
  const one = packet(7, 4);
  store.append(one);
  one.buffer.fill(9);
  expect([...store.packet(0)!.bytes]).toEqual([7, 7, 7, 7]);
});

test("drops the oldest packets over maxPackets, and numbers go on", () => {
  const store = new PacketStore({ maxPackets: 40_000, maxBytes: 1 << 30 });
  for (let i = 0; i < 100_000; i++) store.append(packet(i & 255, 1));
  expect(store.end).toBe(100_000);
  expect(store.count).toBeLessThanOrEqual(40_000);
  expect(store.count).toBeGreaterThan(20_000);
  expect(store.packet(store.first - 1)).toBeUndefined();
  expect(store.packet(store.first)!.bytes[0]).toBe(store.first & 255);
  expect(store.packet(99_999)!.bytes[0]).toBe(99_999 & 255);
  expect(store.packet(100_000)).toBeUndefined();
});

test("memory stays within maxBytes, whatever the sizes", () => {
  const store = new PacketStore({ maxPackets: 1e9, maxBytes: 16 << 20 });
  for (let i = 0; i < 400; i++) store.append(packet(i & 255, i % 50 === 0 ? 3_000_000 : 100_000));
  expect(store.bytes).toBeLessThanOrEqual(16 << 20);
  expect(store.packet(399)!.capturedLength).toBe(100_000);
});

test("a packet that is larger than the limit is kept alone", () => {
  const store = new PacketStore({ maxPackets: 10, maxBytes: 1000 });
  store.append(packet(1, 10));
  store.append(packet(2, 5_000_000));
  expect(store.count).toBe(1);
  expect(store.packet(1)!.capturedLength).toBe(5_000_000);
});
