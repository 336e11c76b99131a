import { framed, fromWeb, lines } from "@sockeye/async-streams";
import { describe, expect, test } from "vitest";
import { stack } from "../build/stack.ts";
import { Ethernet } from "../layers/ethernet.ts";
import { IPv4 } from "../layers/ipv4.ts";
import { TCP } from "../layers/tcp.ts";
import { Packet } from "../packet.ts";
import { type FollowedStream, type FollowOptions, follow, type PacketSource, StreamGapError } from "./follow.ts";

type Line = readonly [from: "client" | "server", port: number, seq: number, flags: string, data: string];

function packet([from, port, seq, flags, data]: Line): Packet {
  const [src, dst, sport, dport] =
    from === "client" ? (["10.0.0.1", "10.0.0.2", port, 80] as const) : (["10.0.0.2", "10.0.0.1", 80, port] as const);
  const bytes = stack(Ethernet(), IPv4({ src, dst }), TCP({ sport, dport, seq, flags }), data).bytes();
  return new Packet(bytes, 0, bytes.length, bytes.length, 1, 1, 0);
}

const talk: Line[] = [
  ["client", 1000, 9, "S", ""],
  ["server", 1000, 99, "SA", ""],
  ["client", 1000, 10, "A", "one\ntw"],
  ["client", 2000, 9, "S", ""],
  ["server", 1000, 100, "A", "eins\n"],
  ["client", 2000, 10, "FA", "other"],
  ["client", 1000, 16, "FA", "o\nthree"],
  ["server", 1000, 105, "FA", "zwei\n"],
];

async function all(source: AsyncIterable<Uint8Array>): Promise<string> {
  let text = "";
  for await (const bytes of source) text += Buffer.from(bytes).toString();
  return text;
}

async function collect(packets: PacketSource, options: FollowOptions = {}): Promise<FollowedStream[]> {
  const streams: FollowedStream[] = [];
  for await (const each of follow(packets, options)) streams.push(each);
  return streams;
}

async function* later(lines: readonly Line[]): AsyncGenerator<Packet> {
  for (const line of lines) {
    await Promise.resolve();
    yield packet(line);
  }
}

describe("follow", () => {
  test("gives each direction as bytes, while the capture is read", async () => {
    const texts: string[] = [];
    for await (const each of follow(later(talk))) texts.push(await all(each.client), await all(each.server));
    expect(texts).toEqual(["one\ntwo\nthree", "eins\nzwei\n", "other", ""]);
  });

  test("leaves out streams beyond those that may wait to be given, and counts them", async () => {
    const opening = (port: number): Line => ["client", port, 9, "S", ""];
    const ports: number[] = [];
    const lines = [1, 2, 3, 4, 5].map(opening);
    const match: FollowOptions["match"] = ({ client }) => client.port !== 4;
    const streams = follow(later(lines), { maxUnreadStreams: 1, match });
    expect(streams.statistics).toEqual({ streams: 0, leftOut: 0, lostBytes: 0, lostDatagrams: 0 });
    for await (const { stream, client } of streams) {
      ports.push(stream.client.port);
      // Reading the first takes the whole capture; the others appear meanwhile.
      await all(client);
    }
    expect(ports).toEqual([1, 2]);
    expect(streams.statistics).toEqual({ streams: 4, leftOut: 2, lostBytes: 0, lostDatagrams: 0 });
  });

  test("gives both directions interleaved", async () => {
    const [first] = await collect(talk.map(packet));
    const seen: string[] = [];
    for await (const { from, bytes, offset } of first!) seen.push(`${from} ${offset} ${Buffer.from(bytes).toString()}`);
    expect(seen).toEqual(["client 0 one\ntw", "server 0 eins\n", "client 6 o\nthree", "server 5 zwei\n"]);
  });

  test("several readers at once wait for the same packets", async () => {
    const texts: Promise<string>[] = [];
    for await (const each of follow(later(talk))) texts.push(all(each.client), all(each.server));
    expect(await Promise.all(texts)).toEqual(["one\ntwo\nthree", "eins\nzwei\n", "other", ""]);
  });

  test("feeds the codecs of async-streams", async () => {
    for await (const { client } of follow(later(talk))) {
      const readable = ReadableStream.from(client) as ReadableStream<Uint8Array>;
      const stream = fromWeb({ readable, writable: new WritableStream() });
      const seen: string[] = [];
      for await (const line of framed(stream, lines())) seen.push(line);
      expect(seen).toEqual(["one", "two", "three"]);
      break;
    }
  });

  test.each<[FollowOptions["gaps"], string]>([
    ["skip", "onesix"],
    ["zeros", "one\0\0\0\0six"],
  ])("%s at a gap", async (gaps, expected) => {
    const lines: Line[] = [
      ["client", 1, 10, "A", "one"],
      ["client", 1, 17, "A", "six"],
    ];
    const [only] = await collect(lines.map(packet), gaps === undefined ? {} : { gaps });
    expect(await all(only!.client)).toBe(expected);
  });

  test("fails at a gap unless told otherwise, with its place", async () => {
    const lines: Line[] = [
      ["server", 5001, 10, "A", "one"],
      ["server", 5001, 17, "A", "six"],
    ];
    const [only] = await collect(lines.map(packet));
    const error = await all(only!.server).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StreamGapError);
    expect(error).toMatchObject({ code: "ERR_STREAM_GAP", offset: 3, missing: 4 });
    expect((error as Error).message).toBe("4 bytes that the server sent are missing, from byte 3 of its stream on");
  });

  test("takes only the streams that match", async () => {
    const found = await collect(talk.map(packet), { match: ({ client }) => client.port === 2000 });
    expect(await Promise.all(found.map(({ client }) => all(client)))).toEqual(["other"]);
  });

  test("what nobody reads is bounded: beyond it there is a gap, which is counted", async () => {
    const long: Line[] = [["client", 1, 9, "S", ""]];
    for (let i = 0; i < 50; i++) long.push(["client", 1, 10 + i * 100, "A", "x".repeat(100)]);
    const streams = follow(long.map(packet), { maxUnreadBytes: 1000 });
    const kept: FollowedStream[] = [];
    for await (const each of streams) kept.push(each);
    const chunks: [number, number][] = [];
    for await (const { bytes, missing } of kept[0]!) chunks.push([bytes.length, missing]);
    expect(streams.statistics.lostBytes).toBe(4600);
    expect(chunks).toEqual([...Array.from({ length: 4 }, () => [100, 0]), [0, 4600]]);
  });

  test("stops reading the capture when its reader stops", async () => {
    let read = 0;
    const source = (function* () {
      for (const line of talk) {
        read++;
        yield packet(line);
      }
    })();
    for await (const _ of follow(source)) break;
    expect(read).toBe(1);
    expect(source.next().done).toBe(true);
  });

  test.each([
    [{ gaps: "none" as "skip" }, 'gaps: expected "error", "skip" or "zeros", got "none"'],
    [{ maxUnreadBytes: 0 }, "maxUnreadBytes: expected an integer from 1"],
    [{ maxUnreadStreams: 0 }, "maxUnreadStreams: expected an integer from 1"],
    [{ match: 1 as unknown as () => boolean }, "match: expected a function, got 1"],
    [{ maxStreams: -1 }, "maxStreams: expected an integer from 1"],
  ])("refuses %j before anything happens", (options, message) => {
    expect(() => follow([], options)).toThrow(message);
  });
  test("refuses what is no source of packets", () => {
    expect(() => follow(5 as unknown as Packet[])).toThrow("packets: expected an iterable of packets, got 5");
  });
});
