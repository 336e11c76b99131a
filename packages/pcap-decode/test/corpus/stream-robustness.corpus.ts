import { afterAll, describe, expect, test } from "vitest";
import { readCapture } from "../../src/container/memory-capture.ts";
import { Packet } from "../../src/packet.ts";
import { Defragmenter } from "../../src/streams/defragment.ts";
import { DNSTracker } from "../../src/streams/dns-tracker.ts";
import { FlowTracker } from "../../src/streams/flow-tracker.ts";
import { HTTPTracker } from "../../src/streams/http-tracker.ts";
import { TCPReassembler } from "../../src/streams/reassemble.ts";
import { TLSTracker } from "../../src/streams/tls-tracker.ts";
import { Random } from "../random.ts";
import { bytesOf, captures, hasCorpus } from "./corpus.ts";

const SEED = Number(process.env.SOCKEYE_SEED ?? 20_240_229);
const ROUNDS = 40;
/** Small limits, so that the mutations reach them. */
const limits = { maxStreams: 20, maxWaitingBytes: 4096, maxTotalWaitingBytes: 8192, maxWaitingSegments: 8 };
const counts = { seed: SEED, captures: 0, packets: 0, chunks: 0, transactions: 0 };
afterAll(() => {
  if (hasCorpus) console.log("stream robustness:", JSON.stringify(counts));
});

/** Everything that takes packets, with a check of its bounds. */
function all(): { add(packet: Packet): void; finish(): Promise<void> } {
  const defragmenter = new Defragmenter({ maxDatagrams: 8, maxBytes: 65_536 });
  const flows = new FlowTracker({ maxFlows: 20, maxConversations: 10 });
  const bodies: Promise<unknown>[] = [];
  const told = () => void counts.transactions++;
  const http = new HTTPTracker(({ request, response, url, duration, waiting }) => {
    told();
    void [url, duration, waiting];
    for (const message of [request, response])
      if (message?.body.kept) bodies.push(message.body.decode({ limit: 1e6, partial: true }).catch(() => {}));
  }, limits);
  const dns = new DNSTracker(told, { ...limits, maxQueries: 10 });
  const tls = new TLSTracker((session) => {
    told();
    void [session.serverName, session.version, session.ja3, session.ja3s, session.ja4, session.alpn];
  }, limits);
  const offsets = new Map<string, number>();
  const reassembler = new TCPReassembler(
    (stream) => [
      {
        data({ from, bytes, missing, offset }) {
          counts.chunks++;
          const key = `${stream.index} ${from}`;
          if ((offsets.get(key) ?? 0) !== offset)
            throw new Error(`chunk at ${offset} of ${key}, not where the last ended`);
          offsets.set(key, offset + bytes.length + missing);
        },
      },
      http.handler(stream),
      dns.handler(stream),
      tls.handler(stream),
    ],
    limits,
  );
  return {
    add(packet) {
      counts.packets++;
      const whole = defragmenter.add(packet);
      if (defragmenter.statistics.heldBytes > 65_536 || defragmenter.statistics.held > 8)
        throw new Error("too many fragments");
      if (whole === undefined) return;
      for (const tracker of [flows, reassembler]) tracker.add(whole);
      dns.addDatagram(whole);
      if (reassembler.statistics.waitingBytes > limits.maxTotalWaitingBytes) throw new Error("too many bytes wait");
      if (reassembler.statistics.held > limits.maxStreams || flows.size > 20) throw new Error("too many are held");
    },
    async finish() {
      reassembler.finish();
      dns.finish();
      flows.finish();
      for (const flow of flows) JSON.stringify(flow);
      for (const pair of flows.conversations()) JSON.stringify(pair);
      expect(reassembler.statistics).toMatchObject({ held: 0, waitingBytes: 0 });
      await Promise.all(bodies);
    },
  };
}

describe.skipIf(!hasCorpus)("mutated captures through everything that takes packets", () => {
  test("nothing throws, hangs or holds more than its limits", async () => {
    const random = new Random(SEED);
    for (const { path } of captures()) {
      const packets = [...readCapture(bytesOf(path))].slice(0, 200);
      for (let round = 0; round < ROUNDS && packets.length > 0; round++) {
        const target = all();
        const size = Math.min(packets.length, 1 + random.below(60));
        const start = random.below(packets.length - size + 1);
        for (let i = 0; i < size; i++) {
          // Also out of order, and some packets twice.
          const packet = packets[random.below(4) === 0 ? start + random.below(size) : start + i]!;
          const bytes = packet.bytes.slice(0, 4096);
          for (let flips = random.below(4); flips > 0 && bytes.length > 0; flips--)
            bytes[random.below(Math.min(bytes.length, 400))]! ^= 1 << random.below(8);
          const length = random.below(8) === 0 ? random.below(bytes.length + 1) : bytes.length;
          const { linkType } = packet;
          target.add(
            new Packet(bytes, 0, length, packet.originalLength, linkType, packet.seconds + random.below(3), 0),
          );
        }
        await target.finish();
      }
      counts.captures++;
    }
    expect(counts.chunks).toBeGreaterThan(1000);
  });
});
