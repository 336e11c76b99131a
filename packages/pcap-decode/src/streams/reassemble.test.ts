import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stack } from "../build/stack.ts";
import { Ethernet } from "../layers/ethernet.ts";
import { IPv4 } from "../layers/ipv4.ts";
import { IPv6 } from "../layers/ipv6.ts";
import { TCP } from "../layers/tcp.ts";
import { Packet } from "../packet.ts";
import { TCPReassembler, type TCPReassemblyOptions } from "./reassemble.ts";
import type { TCPStream } from "./tcp-stream.ts";

/** A segment of a connection between 10.0.0.1:40000 and 10.0.0.2:80. */
interface Segment {
  readonly from?: "client" | "server";
  readonly seq: number;
  readonly ack?: number;
  readonly flags?: string;
  readonly data?: string | Uint8Array;
  readonly at?: number;
  readonly window?: number;
  readonly port?: number;
  /** Bytes that the capture keeps of the packet. */
  readonly snaplen?: number;
}

function packet({
  from = "client",
  seq,
  ack = 0,
  flags = "A",
  data = "",
  at = 1,
  port = 40000,
  ...more
}: Segment): Packet {
  const [src, dst] = from === "client" ? ["10.0.0.1", "10.0.0.2"] : ["10.0.0.2", "10.0.0.1"];
  const [sport, dport] = from === "client" ? [port, 80] : [80, port];
  const bytes = stack(
    Ethernet(),
    IPv4({ src, dst }),
    TCP({ sport, dport, seq: seq >>> 0, ack: ack >>> 0, flags, window: more.window ?? 8192 }),
    data,
  ).bytes();
  const captured = Math.min(bytes.length, more.snaplen ?? bytes.length);
  return new Packet(bytes, 0, captured, bytes.length, 1, Math.floor(at), Math.round((at % 1) * 1e9));
}

/** What came out: text by side, gaps as `<n>`. */
interface Seen {
  readonly stream: TCPStream;
  client: string;
  server: string;
  readonly events: string[];
}

function run(segments: readonly Segment[], options: TCPReassemblyOptions = {}, finish = true): Seen[] {
  const seen: Seen[] = [];
  const reassembler = new TCPReassembler((stream) => {
    const one: Seen = { stream, client: "", server: "", events: [] };
    seen.push(one);
    return {
      data({ from, bytes, missing }) {
        one[from] += missing > 0 ? `<${missing}>` : Buffer.from(bytes).toString("latin1");
      },
      fin: (from) => one.events.push(`fin ${from}`),
      close: (reason) => one.events.push(`close ${reason}`),
    };
  }, options);
  for (const each of segments) reassembler.add(packet(each));
  if (finish) reassembler.finish();
  expect(finish ? reassembler.statistics.waitingBytes : 0).toBe(0);
  return seen;
}

const client = (...segments: Segment[]): string => run(segments)[0]!.client;

describe("what one side sends", () => {
  const syn: Segment = { seq: 9, flags: "S" };
  const ab: Segment = { seq: 10, data: "ab" };
  const cd: Segment = { seq: 12, data: "cd" };
  test.each<[string, Segment[], string]>([
    ["in order", [syn, ab, cd], "abcd"],
    ["without a SYN", [ab, cd], "abcd"],
    ["out of order", [syn, cd, ab], "abcd"],
    ["twice", [syn, ab, ab, cd], "abcd"],
    ["repeated with more", [syn, ab, { ...ab, data: "abcd" }], "abcd"],
    [
      "wrapping",
      [
        { ...syn, seq: 0xfffffffe },
        { ...ab, seq: 0xffffffff },
        { ...cd, seq: 1 },
      ],
      "abcd",
    ],
    ["on the SYN", [{ ...syn, data: "ab" }, cd], "abcd"],
    ["behind a hole", [syn, ab, { ...cd, seq: 15 }], "ab<3>cd"],
    ["and keeps asking", [syn, ab, { seq: 11, data: "x" }, cd], "abcd"],
    ["beyond any window", [syn, { seq: 10 + 2 ** 30 + 1, data: "xx" }, ab], "ab"],
    ["as a reason with RST", [syn, ab, { seq: 12, flags: "R", data: "why" }], "ab"],
    ["after its FIN, late", [syn, { seq: 12, flags: "FA" }, ab], "ab"],
    ["behind its FIN", [syn, { ...ab, flags: "FA" }, { seq: 13, data: "no" }], "ab"],
    ["up to a lost end", [syn, ab, { seq: 17, flags: "FA" }], "ab<5>"],
    [
      "cut by the capture",
      [
        { seq: 10, data: "abcdef", snaplen: 57 },
        { seq: 16, data: "gh" },
      ],
      "abc<3>gh",
    ],
  ])("%s", (_name, segments, expected) => expect(client(...segments)).toBe(expected));

  test("an acknowledgment of the other side shows that a hole stays", () => {
    const [one] = run(
      [
        { seq: 9, flags: "S" },
        { seq: 10, data: "ab" },
        { seq: 15, data: "cd" },
        { from: "server", seq: 70, ack: 17 },
        { seq: 12, data: "xyz" },
      ],
      {},
      false,
    );
    expect(one!.client).toBe("ab<3>cd");
    expect(one!.stream.toServer).toEqual({ bytes: 4, missing: 3, duplicates: 3 });
  });

  test.each<["first" | "last", string]>([
    ["first", "abCDEf"],
    ["last", "abcdeF"],
  ])("waiting segments that disagree: the %s wins", (overlap, expected) => {
    const segments = [
      { seq: 9, flags: "S" },
      { seq: 12, data: "CDE" },
      { seq: 12, data: "cde" },
      { seq: 15, data: overlap === "first" ? "f" : "F" },
      { seq: 10, data: "ab" },
    ];
    expect(run(segments, { overlap })[0]!.client).toBe(expected);
  });

  test("partly overlapping segments that wait fill each other up", () => {
    const segments = [
      { seq: 9, flags: "S" },
      { seq: 14, data: "ef" },
      { seq: 12, data: "XXXXXX" },
      { seq: 11, data: "yyyyyyyy" },
      { seq: 10, data: "a" },
    ];
    expect(run(segments)[0]!.client).toBe("ayXXefXXy");
    expect(run(segments, { overlap: "last" })[0]!.client).toBe("ayyyyyyyy");
  });
});

describe("connections", () => {
  const open: Segment[] = [
    { seq: 9, flags: "S", at: 1 },
    { from: "server", seq: 99, ack: 10, flags: "SA", at: 1.1 },
    { seq: 10, ack: 100, at: 1.2 },
  ];

  test("tell the end of each side, then their own", () => {
    const [one] = run([
      ...open,
      { seq: 10, ack: 100, data: "hi", flags: "FPA" },
      { from: "server", seq: 100, ack: 13, data: "ho", flags: "FA" },
    ]);
    expect([one!.client, one!.server, one!.events]).toEqual(["hi", "ho", ["fin client", "fin server", "close closed"]]);
    expect(one!.stream).toMatchObject({ state: "closed", endReason: "closed", fromStart: true, firstSender: "client" });
    expect([one!.stream.client, one!.stream.server]).toEqual([
      { address: "10.0.0.1", port: 40000 },
      { address: "10.0.0.2", port: 80 },
    ]);
  });

  test("a SYN on the same ports is another connection, the same SYN again is not", () => {
    const again = run([...open, open[0]!, { seq: 5000, flags: "S" }, { seq: 5001, data: "new" }]);
    expect(again.map(({ client, events }) => [client, events])).toEqual([
      ["", ["close reused"]],
      ["new", ["close finished"]],
    ]);
    const ended = run([...open, { seq: 10, flags: "R" }, { seq: 9, flags: "S" }]);
    expect(ended.map(({ events }) => events)).toEqual([["close reused"], ["close finished"]]);
  });

  test("go on after a RST that was forged, and end a while after a true one", () => {
    const [one] = run([...open, { seq: 10, flags: "R" }, { seq: 10, ack: 100, data: "on", at: 2 }]);
    expect([one!.client, one!.stream.state, one!.events]).toEqual(["on", "reset", ["close reset"]]);
    const [two] = run([...open, { seq: 10, flags: "R", at: 3 }, { seq: 1, flags: "S", port: 40001, at: 9 }], {}, false);
    expect(two!.events).toEqual(["close reset"]);
  });

  test("end when nothing comes for long, in the time of the capture", () => {
    const [one, two] = run([...open, { seq: 10, data: "late", at: 100 }], { idleTimeout: 60 });
    expect([one!.events, two!.client]).toEqual([["close idle"], "late"]);
  });

  test("seen from the middle: the port below 1024 is the server's", () => {
    const [one] = run([{ from: "server", seq: 5, data: "yes" }]);
    expect([one!.server, one!.stream.firstSender, one!.stream.fromStart]).toEqual(["yes", "server", false]);
    const [two] = run([{ from: "server", seq: 5, ack: 3, flags: "SA" }]);
    expect(two!.stream.client.port).toBe(40000);
  });

  test("probes of a zero window bring their byte once", () => {
    const [one] = run([
      ...open,
      { seq: 10, ack: 100, data: "ab" },
      { from: "server", seq: 100, ack: 12, window: 0 },
      { seq: 12, ack: 100, data: "c" },
      { from: "server", seq: 100, ack: 12, window: 0 },
      { seq: 12, ack: 100, data: "c" },
      { from: "server", seq: 100, ack: 13, window: 100 },
      { seq: 13, ack: 100, data: "d" },
    ]);
    expect(one!.client).toBe("abcd");
  });

  test("over IPv6 too", () => {
    const texts: string[] = [];
    const reassembler = new TCPReassembler(() => ({ data: ({ bytes }) => void texts.push(String(bytes.length)) }));
    const bytes = stack(
      Ethernet(),
      IPv6({ src: "2001:db8::1", dst: "2001:db8::2" }),
      TCP({ flags: "A" }),
      "six",
    ).bytes();
    expect(reassembler.add(Packet.from(bytes))!.client.address).toBe("2001:db8::1");
    expect(texts).toEqual(["3"]);
    expect(reassembler.add(Packet.from(new Uint8Array(60)))).toBeUndefined();
  });

  test("nobody reads: nothing is held, and streams still part where they should", () => {
    const streams: TCPStream[] = [];
    const reassembler = new TCPReassembler((stream) => void streams.push(stream));
    for (const each of [...open, { seq: 15, data: "hole" }, { seq: 7000, flags: "S" }]) reassembler.add(packet(each));
    expect([streams.length, reassembler.statistics.waitingBytes]).toEqual([2, 0]);
  });
});

describe("limits", () => {
  test("waiting bytes and segments of one direction end in a gap", () => {
    const hole = Array.from({ length: 20 }, (_, i) => ({ seq: 20 + i * 2, data: "x" }));
    expect(run([{ seq: 9, flags: "S" }, ...hole], { maxWaitingSegments: 4 }, false)[0]!.client).toMatch(/^<10>x<1>x/);
    const bytes = { seq: 20, data: "y".repeat(1000) };
    expect(run([{ seq: 9, flags: "S" }, bytes], { maxWaitingBytes: 900 }, false)[0]!.client).toBe(`<10>${bytes.data}`);
  });

  test("waiting bytes over all streams end in a gap of the one that waits for longest", () => {
    const streams = [1, 2, 3].flatMap((i) => [
      { seq: 9, flags: "S", port: 2000 + i },
      { seq: 12, data: "z".repeat(1000), port: 2000 + i },
    ]);
    const lengths = run(streams, { maxTotalWaitingBytes: 2500 }, false).map(({ client }) => client.slice(0, 4));
    expect(lengths).toEqual(["<2>z", "", ""]);
  });

  test("streams: the quietest goes", () => {
    const seen = run(
      [1, 2, 1, 3].map((i) => ({ seq: 9, flags: "S", port: i })),
      { maxStreams: 2 },
      false,
    );
    expect(seen.map(({ events }) => events)).toEqual([[], ["close limit"], []]);
  });

  test.each([
    [{ maxStreams: 0 }, "maxStreams: expected an integer from 1"],
    [{ idleTimeout: -1 }, "idleTimeout: expected seconds above 0, got -1"],
    [{ overlap: "newest" as "last" }, 'overlap: expected "first" or "last", got "newest"'],
  ])("%j is refused", (options, message) => {
    expect(() => new TCPReassembler(() => undefined, options)).toThrow(message);
  });
});

/** Segments that cover `[0, length)` of a stream in any cut, order and number; each a range. */
const cover = (length: number) =>
  fc.array(fc.tuple(fc.nat(length), fc.nat(length)), { maxLength: 30 }).chain((extra) =>
    fc.uniqueArray(fc.integer({ min: 1, max: Math.max(1, length - 1) }), { maxLength: 12 }).chain((cuts) => {
      const edges = [0, ...cuts.filter((cut) => cut < length).sort((a, b) => a - b), length];
      const ranges = edges.slice(1).map((end, i): [number, number] => [edges[i]!, end]);
      const more = extra.map(([a, b]): [number, number] => [Math.min(a, b), Math.max(a, b)]);
      return fc.shuffledSubarray([...ranges, ...more], { minLength: ranges.length + more.length });
    }),
  );

describe("properties", () => {
  const stream = fc.uint8Array({ minLength: 2, maxLength: 300 });
  const isn = fc.oneof(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.constant(2 ** 32 - 10));

  test("any segmentation, order, repetition and overlap of a stream gives the stream", () => {
    const both = stream.chain((bytes) => cover(bytes.length).map((ranges) => ({ bytes, ranges })));
    fc.assert(
      fc.property(
        both,
        isn,
        fc.constantFrom("first" as const, "last" as const),
        ({ bytes, ranges }, start, overlap) => {
          const segments = ranges.map(([a, b]) => ({ seq: start + 1 + a, data: bytes.slice(a, b) }));
          const [one] = run([{ seq: start, flags: "S" }, ...segments], { overlap }, false);
          expect(one!.client).toBe(Buffer.from(bytes).toString("latin1"));
          expect(one!.stream.toServer.missing).toBe(0);
        },
      ),
    );
  });

  test("a hole is a gap of its size, wherever it is", () => {
    fc.assert(
      fc.property(stream, fc.nat(), fc.nat(), isn, (bytes, x, y, start) => {
        const from = x % (bytes.length - 1);
        const to = from + 1 + (y % (bytes.length - 1 - from));
        const [one] = run([
          { seq: start, flags: "S" },
          { seq: start + 1 + to, data: bytes.slice(to) },
          { seq: start + 1, data: bytes.slice(0, from) },
        ]);
        const text = (part: Uint8Array) => Buffer.from(part).toString("latin1");
        expect(one!.client).toBe(`${text(bytes.slice(0, from))}<${to - from}>${text(bytes.slice(to))}`);
      }),
    );
  });
});
