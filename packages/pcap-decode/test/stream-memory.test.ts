import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import {
  DNSTracker,
  Ethernet,
  FlowTracker,
  HTTPTracker,
  IPv4,
  Packet,
  stack,
  TCP,
  TCPReassembler,
  type TLSSession,
  TLSTracker,
} from "../src/index.ts";

const MIB = 2 ** 20;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** What is held: garbage is collected first, and twice, as a thread gives back the memory of ArrayBuffers meanwhile. */
function used(): number {
  collect();
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

/** A connection from `source` to `port`: gives `add` what the client sends, or the server when `back`, in order. */
function talker(
  add: (packet: Packet) => void,
  source: number,
  port = 80,
): (data: string | Uint8Array, back?: boolean) => void {
  const next = { true: 1, false: 1 };
  return (data, back = false) => {
    const [src, dst] = [`10.0.${source >> 8}.${source & 255}`, "10.9.9.9"];
    const seq = next[`${back}`];
    next[`${back}`] += data.length;
    const bytes = back
      ? stack(IPv4({ src: dst, dst: src }), TCP({ sport: port, dport: 4000, flags: "A", seq }), data).bytes()
      : stack(IPv4({ src, dst }), TCP({ sport: 4000, dport: port, flags: "A", seq }), data).bytes();
    add(new Packet(bytes, 0, bytes.length, bytes.length, 101, 1, 0));
  };
}

const fields = "a:b\n".repeat(15_000);
const head = `GET / HTTP/1.1\n${fields}`;
const interim = `HTTP/1.1 102 wait\n${fields}`;
const hostile: [string, number, (send: ReturnType<typeof talker>) => void][] = [
  ["requests without an answer", 300, (send) => send(`${head}\n`)],
  ["heads that do not end", 1500, (send) => send(head)],
  ["lines that go on", 300, (send) => send(`GET / HTTP/1.1\na:b\n${" x\n".repeat(18_000)}\n`)],
  [
    "interim responses",
    300,
    (send) => {
      send("GET / HTTP/1.1\n\n");
      send(`${interim}\n`, true);
    },
  ],
  [
    "requests that were answered before their body came",
    300,
    (send) => {
      send(`POST / HTTP/1.1\nContent-Length: 1000000\n${fields}\n`);
      send("HTTP/1.1 400 no\nContent-Length: 0\n\n", true);
    },
  ],
];

test.each(hostile)(
  "%s, on %i connections, stay under maxTotalHeadBytes",
  (_name, connections, say) => {
    let told = 0;
    const tracker = new HTTPTracker(() => void told++, { maxTotalHeadBytes: 8 * MIB });
    const before = used();
    for (let source = 0; source < connections; source++) say(talker((packet) => tracker.add(packet), source));
    expect(used() - before).toBeLessThan(40 * MIB);
    tracker.finish();
    expect(told).toBeLessThanOrEqual(connections);
  },
  60_000,
);

test("a body in segments of one byte takes the memory of its bytes", () => {
  let kept = 0;
  const tracker = new HTTPTracker(({ request }) => {
    kept = request?.body.kept ?? 0;
  });
  const send = talker((packet) => tracker.add(packet), 1);
  const before = used();
  send("POST / HTTP/1.1\nContent-Length: 30000\n\n");
  for (let i = 0; i < 29_999; i++) send("x");
  expect(used() - before).toBeLessThan(3 * MIB);
  tracker.finish();
  expect(kept).toBe(29_999);
}, 60_000);

test("ClientHellos without an answer stay under maxTotalHelloBytes", () => {
  const extensions = 3500;
  const size = 2 + 32 + 1 + 4 + 2 + 2 + 4 * extensions;
  const hello = new Uint8Array(5 + 4 + size);
  const view = new DataView(hello.buffer);
  hello.set([22, 3, 1]);
  view.setUint16(3, 4 + size);
  hello[5] = 1;
  view.setUint16(7, size);
  hello.set([3, 3], 9);
  hello.set([0, 0, 2, 0x13, 1, 1, 0], 9 + 2 + 32);
  view.setUint16(9 + 2 + 32 + 7, 4 * extensions);
  let told = 0;
  const onSession = ({ clientHello }: TLSSession): void => {
    if (clientHello?.extensions.length === extensions) told++;
  };
  const tracker = new TLSTracker(onSession, { maxTotalHelloBytes: 4 * MIB });
  const before = used();
  for (let source = 0; source < 500; source++) talker((packet) => tracker.add(packet), source, 443)(hello);
  expect(used() - before).toBeLessThan(20 * MIB);
  expect(told).toBeGreaterThan(400);
  tracker.finish();
  expect(told).toBe(500);
}, 60_000);

test("messages of DNS over TCP that do not end stay under maxTotalMessageBytes", () => {
  const begin = new Uint8Array(50_000);
  begin.set([0xff, 0xff]);
  const tracker = new DNSTracker(() => {}, { maxTotalMessageBytes: 4 * MIB });
  const before = used();
  for (let source = 0; source < 1000; source++) talker((packet) => tracker.add(packet), source, 53)(begin);
  expect(used() - before).toBeLessThan(20 * MIB);
}, 60_000);
