import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { isDeepStrictEqual, promisify } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { readCapture } from "../../src/container/memory-capture.ts";
import { ICMP } from "../../src/layers/icmp.ts";
import { TCP } from "../../src/layers/tcp.ts";
import { UDP } from "../../src/layers/udp.ts";
import type { Packet } from "../../src/packet.ts";
import { Defragmenter } from "../../src/streams/defragment.ts";
import { FlowTracker } from "../../src/streams/flow-tracker.ts";
import type { HTTPBody } from "../../src/streams/http-body.ts";
import { HTTPTracker } from "../../src/streams/http-tracker.ts";
import { TCPReassembler } from "../../src/streams/reassemble.ts";
import type { StreamChunk } from "../../src/streams/tcp-chunk.ts";
import type { TCPStream } from "../../src/streams/tcp-stream.ts";
import { hasTool } from "../tools.ts";
import { bytesOf, captures, corpus, hasCorpus } from "./corpus.ts";
import { type StreamSubject, streamExceptionFor, streamExceptions } from "./exceptions.ts";

const ready = hasCorpus && hasTool("tshark");
const counts = { conversations: 0, streams: 0, streamBytes: 0, objects: 0, datagrams: 0, communityIds: 0, excepted: 0 };
const used = new Set<object>();
afterAll(() => {
  if (ready) console.log("streams:", JSON.stringify(counts));
});

/** Most of the time here is tshark's, hence tests that run beside each other. */
async function tshark(path: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)("tshark", ["-n", "-r", join(corpus, path), ...args], {
    maxBuffer: 2 ** 28,
  });
  return stdout;
}

function packetsOf(path: string): Packet[] {
  return [...readCapture(bytesOf(path))];
}

/** Notes what differs without a reviewed exception. */
function compare(subject: StreamSubject, path: string, ours: unknown, theirs: unknown, found: object[]): void {
  if (isDeepStrictEqual(ours, theirs)) return;
  const rule = streamExceptionFor(subject, basename(path));
  if (rule === undefined) found.push({ subject, ours, theirs });
  else {
    used.add(rule);
    counts.excepted++;
  }
}

// tshark's order of columns: what the right end sent, what the left end sent, both.
const LINE = /^(\S+)\s+<->\s+(\S+)\s+(\d+) (\d+ \S+)\s+(\d+) (\d+ \S+)\s+(\d+) (\d+ \S+)/;

/** tshark gives bytes from 10,000 on in thousands. */
function bytesText(bytes: number): string {
  if (bytes < 10_000) return `${bytes} bytes`;
  if (bytes < 10_000_000) return `${Math.floor(bytes / 1000)} kB`;
  return `${Math.floor(bytes / 1e6)} MB`;
}

/** `A > B packets, bytes; B > A packets, bytes`, whichever end is named first. */
function pair(a: string, b: string, fromA: readonly [string, string], fromB: readonly [string, string]): string {
  const parts = [`${a} > ${b}: ${fromA.join(" ")}`, `${b} > ${a}: ${fromB.join(" ")}`];
  return parts.sort().join("; ");
}

function theirConversations(text: string): string[] {
  return text
    .split("\n")
    .flatMap((line) => {
      const match = LINE.exec(line);
      if (match === null) return [];
      const [, a, b, fromB, bytesB, fromA, bytesA] = match as unknown as string[];
      return [pair(a!, b!, [fromA!, bytesA!], [fromB!, bytesB!])];
    })
    .sort();
}

describe.skipIf(!ready)("conversations are tshark's", { concurrent: true }, () => {
  const apart = ["-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE"];
  test.each(captures())("$path", async ({ path, expected }) => {
    if (expected.packets.length === 0) return;
    const tracker = new FlowTracker({ idleTimeout: Number.POSITIVE_INFINITY });
    for (const packet of packetsOf(path)) tracker.add(packet);
    const output = await tshark(
      path,
      "-q",
      ...apart,
      "-z",
      "conv,tcp",
      "-z",
      "conv,ip",
      "-z",
      "conv,ipv6",
      "-z",
      "conv,eth",
    );
    const sections = new Map(
      output.split(/={20,}/).map((text) => [/^\s*(\w+) Conversations/.exec(text)?.[1] ?? "", text] as const),
    );
    const plain = ({ address, port }: { address: string; port: number }) => `${address}:${port}`;
    const tcp = [...tracker]
      // Later fragments have no ports here, and are no TCP to tshark.
      .filter((flow) => flow.protocol === 6 && flow.client.port + flow.server.port > 0)
      .map((flow) =>
        pair(
          plain(flow.client),
          plain(flow.server),
          [String(flow.toServer.packets), bytesText(flow.toServer.bytes)],
          [String(flow.toClient.packets), bytesText(flow.toClient.bytes)],
        ),
      )
      .sort();
    const between = (kind: "ip" | "ethernet", accept: (address: string) => boolean) =>
      [...tracker.conversations(kind)]
        .filter(({ a }) => accept(a))
        .map(({ a, b, fromA, fromB }) =>
          pair(a, b, [String(fromA.packets), bytesText(fromA.bytes)], [String(fromB.packets), bytesText(fromB.bytes)]),
        )
        .sort();
    const theirs = (name: string) => theirConversations(sections.get(name) ?? "");
    const found: object[] = [];
    compare("conv,tcp", path, tcp, theirs("TCP"), found);
    compare(
      "conv,ip",
      path,
      between("ip", (address) => !address.includes(":")),
      theirs("IPv4"),
      found,
    );
    compare(
      "conv,ipv6",
      path,
      between("ip", (address) => address.includes(":")),
      theirs("IPv6"),
      found,
    );
    compare(
      "conv,eth",
      path,
      between("ethernet", () => true),
      theirs("Ethernet"),
      found,
    );
    expect(found).toEqual([]);
    counts.conversations += tcp.length;
  });
});

/** What `-z follow,tcp,raw` prints of a stream: a line for each chunk, the second node's behind a tab. */
interface Followed {
  readonly nodes: readonly string[];
  readonly lines: string[];
}

function theirStreams(text: string): Followed[] {
  const streams: Followed[] = [];
  for (const section of text.split(/={67}\n/)) {
    if (!section.startsWith("Follow: tcp,raw")) continue;
    const [, filter, node0, node1, ...lines] = section.replace(/\n$/, "").split("\n");
    streams[Number(/\d+$/.exec(filter!)![0])] = { nodes: [node0!.slice(8), node1!.slice(8)], lines };
  }
  return streams;
}

function ourStreams(packets: Iterable<Packet>): Followed[] {
  const streams: { stream: TCPStream; lines: string[] }[] = [];
  // What nobody acknowledged until the capture ended, tshark leaves out.
  let over = false;
  const reassembler = new TCPReassembler(
    (stream) => {
      const lines: string[] = [];
      streams.push({ stream, lines });
      return {
        data: (chunk) => {
          if (over) return;
          const text = chunkText(chunk);
          lines.push(chunk.from === stream.firstSender ? text : `\t${text}`);
        },
      };
    },
    { idleTimeout: Number.POSITIVE_INFINITY },
  );
  const defragmenter = new Defragmenter();
  for (const packet of packets) {
    const whole = defragmenter.add(packet);
    if (whole !== undefined) reassembler.add(whole);
  }
  over = true;
  reassembler.finish();
  return streams.map(({ stream, lines }) => {
    const ends = [stream.client, stream.server].map(({ address, port }) =>
      address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`,
    );
    return { nodes: stream.firstSender === "client" ? ends : ends.reverse(), lines };
  });
}

function chunkText({ bytes, missing }: StreamChunk): string {
  if (missing > 0) return Buffer.from(`[${missing} bytes missing in capture file]\0`).toString("hex");
  return Buffer.from(bytes).toString("hex");
}

describe.skipIf(!ready)("followed streams are tshark's", { concurrent: true }, () => {
  test.each(captures())("$path", async ({ path, expected }) => {
    if (!expected.packets.some((packet) => packet["tcp.srcport"] !== undefined)) return;
    const ours = ourStreams(packetsOf(path));
    if (ours.length === 0) return;
    const asked = ours.flatMap((_, i) => ["-z", `follow,tcp,raw,${i}`]);
    const theirs = theirStreams(await tshark(path, "-q", ...asked));
    const found: object[] = [];
    compare("follow", path, ours, theirs, found);
    expect(found).toEqual([]);
    counts.streams += ours.length;
    for (const { lines } of ours) for (const line of lines) counts.streamBytes += line.trimStart().length / 2;
  });
});

/** SHA-256 of every object that `--export-objects http` writes, sorted. */
async function theirObjects(path: string): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "objects-"));
  try {
    // Without it tshark 4.0 takes segments in the order of the capture.
    await tshark(path, "-q", "-o", "tcp.reassemble_out_of_order:TRUE", "--export-objects", `http,${folder}`);
    return (
      readdirSync(folder)
        .map((name) => readFileSync(join(folder, name)))
        // It writes empty ones too.
        .filter(({ length }) => length > 0)
        .map(sha256)
        .sort()
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function ourObjects(packets: Iterable<Packet>): Promise<string[]> {
  const bodies: HTTPBody[] = [];
  const tracker = new HTTPTracker(
    ({ request, response, interim }) => {
      for (const message of [request, ...interim, response]) if (message?.complete) bodies.push(message.body);
    },
    { idleTimeout: Number.POSITIVE_INFINITY },
  );
  for (const packet of packets) tracker.add(packet);
  tracker.finish();
  const objects = await Promise.all(bodies.map((body) => body.decode({ partial: true })));
  return objects
    .filter(({ length }) => length > 0)
    .map(sha256)
    .sort();
}

describe.skipIf(!ready)("objects are tshark's", { concurrent: true }, () => {
  test.each(captures())("$path", async ({ path, expected }) => {
    if (!expected.packets.some((packet) => /:tcp:.*http/.test(String(packet["frame.protocols"])))) return;
    const found: object[] = [];
    const ours = await ourObjects(packetsOf(path));
    compare("objects", path, ours, await theirObjects(path), found);
    expect(found).toEqual([]);
    counts.objects += ours.length;
  });
});

describe.skipIf(!ready)("defragmented packets are tshark's", { concurrent: true }, () => {
  test.each(captures())("$path", async ({ path, expected }) => {
    const isFragment = (packet: Readonly<Record<string, string | number>>) =>
      packet["ip.flags.mf"] === "1" ||
      String(packet["ip.frag_offset"] ?? "0") !== "0" ||
      String(packet["frame.protocols"]).includes("ipv6.frag");
    if (!expected.packets.some(isFragment)) return;
    const defragmenter = new Defragmenter();
    const ours: string[] = [];
    packetsOf(path).forEach((packet, i) => {
      const made = defragmenter.add(packet);
      if (made === undefined || made === packet) return;
      const [udp, tcp, icmp] = [made.get(UDP), made.get(TCP), made.get(ICMP)];
      ours.push(
        [i + 1, udp?.sport, udp?.length, tcp?.sport, tcp?.payload.length, icmp?.type]
          .map((value) => value ?? "")
          .join("|"),
      );
    });
    const wanted = ["udp.srcport", "udp.length", "tcp.srcport", "tcp.len", "icmp.type"];
    const rows = await tshark(
      path,
      ...["-o", "tcp.desegment_tcp_streams:FALSE", "-Y", "ip.reassembled.length or ipv6.reassembled.length"],
      ...["-T", "fields", "-E", "separator=|", "-E", "occurrence=f", "-e", "frame.number"],
      ...wanted.flatMap((field) => ["-e", field]),
    );
    const found: object[] = [];
    compare("defragment", path, ours, rows.split("\n").filter(Boolean), found);
    expect(found).toEqual([]);
    counts.datagrams += ours.length;
  });
});

describe.skipIf(!ready)("Community IDs are tshark's", { concurrent: true }, () => {
  test.each(captures().filter(({ path }) => /tcp|dns|http|icmp|sctp|ip6|udp/.test(basename(path))))(
    "$path",
    async ({ path }) => {
      const rows = await tshark(
        path,
        "--enable-protocol",
        "communityid",
        "-T",
        "fields",
        "-E",
        "occurrence=f",
        "-e",
        "communityid",
      );
      const theirs = new Set(rows.split("\n").filter(Boolean));
      const tracker = new FlowTracker({ idleTimeout: Number.POSITIVE_INFINITY });
      for (const packet of packetsOf(path)) tracker.add(packet);
      const ours = new Set([...tracker].map((flow) => flow.communityId()));
      const found: object[] = [];
      compare("communityid", path, [...ours].sort(), [...theirs].sort(), found);
      expect(found).toEqual([]);
      counts.communityIds += ours.size;
    },
  );
});

describe.skipIf(!ready)("exceptions", () => {
  test("every one is used", () => {
    expect(streamExceptions.filter((rule) => !used.has(rule)).map((rule) => rule.reason)).toEqual([]);
  });
});
