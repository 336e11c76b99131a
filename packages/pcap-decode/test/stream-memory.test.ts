import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { Ethernet, FlowTracker, IPv4, Packet, stack, TCP, TCPReassembler } from "../src/index.ts";

const MIB = 2 ** 20;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** What is held: garbage is collected first. */
function used(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Packets of one template, with its source, ports and sequence number changed; each has bytes of its own. */
function maker(flags: string, data = new Uint8Array(0)): (source: number, seq: number, time: number) => Packet {
  const template = stack(Ethernet(), IPv4({ dst: "10.0.0.2" }), TCP({ sport: 4000, dport: 80, flags }), data).bytes();
  return (source, seq, time) => {
    const bytes = template.slice();
    const view = new DataView(bytes.buffer);
    view.setUint32(26, source);
    view.setUint32(38, seq);
    return new Packet(bytes, 0, bytes.length, bytes.length, 1, time, 0);
  };
}

test("1,000,000 half-open connections stay under the limits", () => {
  const syn = maker("S");
  const ends = { limit: 0, others: 0 };
  const reassembler = new TCPReassembler(() => ({
    close: (reason) => void ends[reason === "limit" ? "limit" : "others"]++,
  }));
  const tracker = new FlowTracker();
  const before = used();
  let most = 0;
  for (let i = 0; i < 1_000_000; i++) {
    const packet = syn(i, i, 1);
    reassembler.add(packet);
    tracker.add(packet);
    if (i % 250_000 === 249_999) most = Math.max(most, used());
  }
  expect(reassembler.statistics).toEqual({ streams: 1_000_000, held: 65_536, waitingBytes: 0 });
  expect(ends).toEqual({ limit: 1_000_000 - 65_536, others: 0 });
  expect([tracker.size, tracker.totals.flows]).toEqual([100_000, 1_000_000]);
  expect(most - before).toBeLessThan(256 * MIB);
}, 300_000);

test("a flow that never ends, with a hole in front of it, stays under the limits", () => {
  const data = new Uint8Array(1400).fill(120);
  const segment = maker("A", data);
  let given = 0;
  let missing = 0;
  const reassembler = new TCPReassembler(() => ({
    data(chunk) {
      given += chunk.bytes.length;
      missing += chunk.missing;
    },
  }));
  const before = used();
  let most = 0;
  let waiting = 0;
  reassembler.add(segment(1, 0, 1));
  for (let i = 0; i < 300_000; i++) {
    // Every hundredth segment is lost, and nobody acknowledges anything.
    if (i % 100 === 0) continue;
    reassembler.add(segment(1, 1400 * (i + 1), 1 + i / 1000));
    waiting = Math.max(waiting, reassembler.statistics.waitingBytes);
    if (i % 100_000 === 99_998) most = Math.max(most, used());
  }
  reassembler.finish();
  expect(waiting).toBeLessThanOrEqual(16 * MIB);
  expect([given, missing]).toEqual([1400 * (297_000 + 1), 1400 * 3000]);
  expect(most - before).toBeLessThan(64 * MIB);
}, 120_000);

test("a stream that was reset twice is let go of", async () => {
  const reset = maker("R");
  const reassembler = new TCPReassembler(() => ({}), { maxStreams: 1 });
  const stream = new WeakRef(reassembler.add(reset(1, 0, 100))!);
  // The linger is over: the stream ends, and its place stays for what comes late, such as this RST.
  reassembler.add(reset(1, 0, 111));
  expect(stream.deref()?.endReason).toBe("reset");
  reassembler.add(reset(2, 0, 112));
  expect(reassembler.statistics.held).toBe(1);
  // A WeakRef holds its object until the turn is over.
  await new Promise(setImmediate);
  collect();
  expect(stream.deref()).toBeUndefined();
});
