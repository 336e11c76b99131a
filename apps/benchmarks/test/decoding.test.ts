import { readFileSync } from "node:fs";
import { readCapture, TCP } from "@sockeye/pcap-decode";
import { afterAll, describe, expect, it } from "vitest";
import { Child } from "../src/child.mjs";
import { compiled } from "../src/compiler.mjs";
import { capture, ownFilter, type Reader, removeCaptures, streaming, tcpdump } from "../src/decoding.mjs";
import type { Work } from "../src/measurement.mjs";
import { pcapFilter } from "../src/subjects/pcap-filter.mjs";
import { pcapRead } from "../src/subjects/pcap-read.mjs";

afterAll(removeCaptures);

const work: Work = { mode: "packets", connections: 1, size: 0, count: 2000, warmUp: 0 };

it("makes captures that are whole, and the same each time", () => {
  const packets = [...readCapture(readFileSync(capture(1000)), { strict: true })];
  expect(packets).toHaveLength(1000);
  expect(packets.filter((packet) => packet.error !== undefined)).toEqual([]);
  expect(packets.filter((packet) => packet.has(TCP)).length).toBeGreaterThan(500);
  expect(capture(1000)).toBe(capture(1000));
  expect(readFileSync(capture(1001)).subarray(0, 100)).toEqual(readFileSync(capture(1000)).subarray(0, 100));
});

// Processor time comes from /proc and from wait4(2).
describe.skipIf(process.platform !== "linux")("captures (Linux)", () => {
  const fields = pcapRead.cases[0]!.contestants.map((contestant) => ({ ...(contestant as Reader), share: 1 }));
  const others = [pcapRead.cases[1]!, ...pcapFilter.cases].flatMap((each) => each.contestants as Reader[]);

  // A program that finds other fields than the one before it is an error.
  it.each(fields)("measures how $name reads fields", async (reader) => {
    const { processor, speed, rate, memory } = await reader.measure(reader, work);
    // tshark's is a difference of two runs, so a busy machine may make it anything.
    for (const value of [processor, rate]) expect(Number.isFinite(value)).toBe(true);
    expect(speed! * processor!).toBeCloseTo(1e6, 3);
    expect(memory).toBeGreaterThan(1);
  });

  it.each(others.filter(({ name }, at) => others.findIndex((other) => other.name === name) === at))(
    "measures $name",
    async (reader) => {
      const { speed, memory } = await reader.measure({ ...reader, share: 1 }, { ...work, count: 20_000 });
      expect(Number.isFinite(speed)).toBe(true);
      expect(memory).toBeGreaterThan(1);
    },
  );

  it("measures a stream", async () => {
    const reader = streaming("stream", "batches");
    const { speed } = await reader.measure(reader, { ...work, mode: "stream", count: 10 });
    expect(speed).toBeGreaterThan(0);
  });

  it.each([ownFilter("tcp prot 80"), tcpdump("tcp prot 80")])("says why $name failed", async (reader) => {
    await expect(reader.measure(reader, work)).rejects.toThrow(/syntax|column|parse/);
  });

  it("refuses to time nothing", async () => {
    await expect(new Child([compiled("timed")]).line()).rejects.toThrow("usage: timed PROGRAM ARGUMENT");
  });
});
