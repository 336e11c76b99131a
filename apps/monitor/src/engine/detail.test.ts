import { DNS, Ethernet, IPv4, Packet, stack, TCP, UDP } from "@sockeye/pcap-decode";
import fc from "fast-check";
import { expect, test } from "vitest";
import { HOSTILE, samplePackets } from "../../test/sample-capture.ts";
import { detail, endText, infoText, MAX_LINES, MAX_SHOWN_BYTES } from "./detail.ts";

const DANGEROUS = /\p{Cc}|\p{Bidi_Control}/u;
const samples = samplePackets().slice(0, 200);

test("each line tells the bytes that it was read from", () => {
  const packet = stack(Ethernet(), IPv4({ ttl: 7 }), UDP({ sport: 4660, dport: 9 }), "hello").packet();
  const { lines, bytes, summary } = detail(packet, 3);
  const of = (name: string) => lines.find((line) => line.name === name)!;
  const hex = ({ start, end }: { start: number; end: number }) =>
    Buffer.from(bytes.subarray(start, end)).toString("hex");
  expect(hex(of("ttl"))).toBe("07");
  expect(hex(of("sport"))).toBe("1234");
  expect(of("UDP")).toMatchObject({ depth: 0, text: "4660 → 9" });
  expect(hex(of("Payload"))).toBe(Buffer.from("hello").toString("hex"));
  expect(summary).toContain("UDP");
});

test("whatever the bytes: lines lie within the packet, and nothing in them moves a cursor or turns text", () => {
  const mutated = fc.tuple(
    fc.nat(samples.length - 1),
    fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 12 }),
    fc.nat(),
  );
  fc.assert(
    fc.property(mutated, ([which, changes, cut]) => {
      const original = samples[which]!.bytes;
      const bytes = changes.reduce((all, [at, value]) => all.with(at % all.length, value), new Uint8Array(original));
      const packet = Packet.from(bytes.subarray(0, cut % (bytes.length + 1)), { time: 0 });
      const { lines, summary } = detail(packet, 0);
      for (const { start, end, name, text } of lines) {
        expect(start).toBeGreaterThanOrEqual(0);
        expect(start).toBeLessThanOrEqual(end);
        expect(end).toBeLessThanOrEqual(packet.capturedLength);
        expect(`${name}${text}`).not.toMatch(DANGEROUS);
      }
      expect(summary + infoText(packet)).not.toMatch(DANGEROUS);
    }),
  );
});

test("hostile text stays readable, and harmless", () => {
  const payload = `GET /${HOSTILE} HTTP/1.1\r\n\r\n`;
  const text = infoText(stack(Ethernet(), IPv4(), TCP({ dport: 80 }), new TextEncoder().encode(payload)).packet());
  expect(text).toContain("<img src=x");
  expect(text).not.toMatch(DANGEROUS);
});

test("a packet that is full of records, and one of megabytes, are cut", () => {
  const questions = Array.from({ length: 5000 }, () => ({ name: "", type: 1, class: 1 }));
  const full = stack(Ethernet(), IPv4(), UDP({ dport: 53 }), DNS({ questions })).packet();
  expect(detail(full, 0).lines.length).toBe(MAX_LINES);
  expect(detail(Packet.from(new Uint8Array(1 << 20)), 0).bytes.length).toBe(MAX_SHOWN_BYTES);
});

test.each([
  ["10.0.0.1", 80, "10.0.0.1:80"],
  ["2001:db8::1", 80, "[2001:db8::1]:80"],
  ["2001:db8::1", -1, "2001:db8::1"],
  ["a\u001b[2J", -1, "a\\x1b[2J"],
])("the end %j %i is %s", (address, port, expected) => {
  expect(endText(address, port)).toBe(expected);
});
