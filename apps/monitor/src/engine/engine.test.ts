import { Ethernet, encodeCapture, IPv4, readCapture, stack, TCP, UDP } from "@sockeye/pcap-decode";
import { expect, test } from "vitest";
import { sampleCapture, samplePackets } from "../../test/sample-capture.ts";
import { Engine } from "./engine.ts";
import type { EngineAnswer, EngineRequest } from "./messages.ts";
import type { TableName } from "./table.ts";

type Kind = EngineAnswer["type"];

/** An engine, and what it has said. The clock goes on by a millisecond whenever it is read: slices are short. */
function start() {
  const said: EngineAnswer[] = [];
  let now = 0;
  let breaths = 0;
  const engine = new Engine({
    answer: (message) => said.push(message),
    breathe: () => {
      breaths++;
      return new Promise((resolve) => setImmediate(resolve));
    },
    now: () => now++,
  });
  const last = <K extends Kind>(type: K) =>
    said.findLast((message) => message.type === type) as EngineAnswer & { type: K };
  const ask = async <K extends Kind>(request: EngineRequest & { type: K }) => {
    await engine.handle(request);
    return last(request.type);
  };
  return { engine, said, last, ask, breaths: () => breaths };
}

const datagram = (i: number) =>
  stack(Ethernet(), IPv4({ src: `10.0.0.${i % 250}` }), UDP({ sport: 7, dport: 9 }), new Uint8Array(i % 50)).bytes();
const table = (name: TableName, column = 0) =>
  ({ type: "table", id: 1, table: name, from: 0, count: 1000, sort: { column, descending: false } }) as const;

test("a file: counts, list, tables, and others have their turn meanwhile", async () => {
  const { engine, last, ask, breaths } = start();
  const packets = samplePackets();
  await engine.handle({ type: "open", file: new Blob([(await sampleCapture()) as BlobPart]) });
  expect(last("loaded")).toMatchObject({ packets: packets.length, problem: "" });
  const snapshot = last("snapshot");
  expect(snapshot).toMatchObject({ state: "ready", first: 0, end: packets.length, kept: packets.length, behind: 0 });
  expect(snapshot.bytes).toBe(packets.reduce((sum, packet) => sum + packet.originalLength, 0));
  expect(snapshot.shares.reduce((sum, share) => sum + share.packets, 0)).toBe(packets.length);
  expect(breaths()).toBeGreaterThan(3);

  const { rows } = await ask({ type: "packets", id: 1, from: packets.length - 2, count: 10 });
  expect(rows.map(({ number }) => number)).toEqual([packets.length - 2, packets.length - 1]);
  expect(rows[1]).toMatchObject({ seconds: packets.at(-1)!.seconds, length: packets.at(-1)!.originalLength });
  expect((await ask({ type: "detail", id: 2, number: 0 })).detail?.lines[0]?.name).toBe("Ethernet");
  expect((await ask({ type: "detail", id: 3, number: 1e9 })).detail).toBeUndefined();
});

test("HTTP and DNS are paired, and what got no answer is listed", async () => {
  const { engine, ask } = start();
  await engine.handle({ type: "open", file: new Blob([(await sampleCapture()) as BlobPart]) });
  const http = (await ask(table("http"))).rows;
  expect(http.length).toBeGreaterThan(100);
  expect(
    http.every(
      ([time, client, method, , status]) =>
        Number(time) >= 0 && client !== "" && method === "GET" && Number(status) > 0,
    ),
  ).toBe(true);
  const dns = (await ask(table("dns"))).rows;
  expect(new Set(dns.map((row) => row[5]))).toEqual(new Set(["NOERROR", "NXDOMAIN"]));

  const query = samplePackets().find((packet) => packet.layers.at(-1)?.layer.name === "DNS")!;
  await engine.handle({ type: "open", file: new Blob([(await encodeCapture([query])) as BlobPart]) });
  expect((await ask(table("dns"))).rows.map((row) => row[5])).toEqual(["no answer"]);
});

test("a filter applies to everything, and one that does not compile changes nothing", async () => {
  const { engine, last, ask } = start();
  await engine.handle({ type: "open", file: new Blob([(await sampleCapture()) as BlobPart]) });
  const { generation } = last("snapshot");
  expect(await ask({ type: "filter", id: 5, expression: "udp prot 53" })).toMatchObject({ id: 5, column: 5 });
  expect(last("snapshot").generation).toBe(generation);

  expect(await ask({ type: "filter", id: 6, expression: "udp port 53" })).toMatchObject({ problem: "" });
  const wanted = samplePackets().flatMap((packet, i) =>
    packet.layers.some(({ layer }) => layer.name === "DNS") ? [i] : [],
  );
  expect(last("snapshot")).toMatchObject({
    packets: wanted.length,
    end: wanted.length,
    received: samplePackets().length,
  });
  const { rows } = await ask({ type: "packets", id: 7, from: 10, count: 3 });
  expect(rows.map(({ number }) => number)).toEqual(wanted.slice(10, 13));
  expect((await ask({ type: "ordinal", id: 8, number: wanted[10]! })).ordinal).toBe(10);
  expect((await ask({ type: "ordinal", id: 9, number: wanted[10]! + 1 })).ordinal).toBe(
    wanted.includes(wanted[10]! + 1) ? 11 : undefined,
  );

  const { file } = await ask({ type: "export", id: 10 });
  expect([...readCapture(new Uint8Array(await file.arrayBuffer()))]).toHaveLength(wanted.length);
});

test("live: chunks are taken and confirmed, the oldest packets go, and numbers go on", async () => {
  const { engine, last, ask } = start();
  await engine.handle({ type: "limits", limits: { maxPackets: 40_000, maxBytes: 1 << 30 } });
  await engine.handle({ type: "live" });
  let sent = 0;
  for (let chunk = 0; chunk < 50; chunk++) {
    const packets = Array.from({ length: 1500 }, () => datagram(sent++));
    const bytes = (await encodeCapture(packets, { format: "pcapng" })).slice().buffer;
    const { byteLength } = bytes;
    await engine.handle({ type: "chunk", bytes });
    expect(last("taken").bytes).toBe(byteLength);
  }
  await engine.handle({ type: "window", seconds: undefined });
  const { first, end, kept, received, packets } = last("snapshot");
  expect([end, received, packets]).toEqual([sent, sent, sent]);
  expect(kept).toBeLessThanOrEqual(40_000);
  expect(first).toBe(sent - kept);
  expect((await ask({ type: "packets", id: 1, from: 0, count: 5 })).rows).toEqual([]);
  expect((await ask({ type: "packets", id: 1, from: first, count: 1 })).rows[0]!.number).toBe(first);
});

test("what came last is told, though nothing follows it", async () => {
  const { engine, last } = start();
  await engine.handle({ type: "live" });
  for (let i = 1; i <= 3; i++) {
    const bytes = (await encodeCapture([datagram(i)], { format: "pcapng" })).slice().buffer;
    await engine.handle({ type: "chunk", bytes });
  }
  await expect.poll(() => last("snapshot").packets).toBe(3);
});

test("a chunk that is no capture, and a file that is none, are told and end nothing", async () => {
  const { engine, last } = start();
  await engine.handle({ type: "open", file: new Blob(["no capture at all, but long enough to be one"]) });
  expect(last("failed").message).not.toBe("");
  expect(last("snapshot").state).toBe("empty");
  await engine.handle({ type: "live" });
  await engine.handle({ type: "chunk", bytes: new ArrayBuffer(100) });
  expect(last("taken").bytes).toBe(100);
  expect(last("snapshot").state).toBe("live");
});

test("a file that is opened while another loads takes its place", async () => {
  const { engine, said, last } = start();
  const big = await encodeCapture(Array.from({ length: 20_000 }, (_, i) => datagram(i)));
  const small = await encodeCapture([stack(Ethernet(), IPv4(), TCP({ flags: "R" })).bytes()]);
  const first = engine.handle({ type: "open", file: new Blob([big as BlobPart]) });
  await engine.handle({ type: "open", file: new Blob([small as BlobPart]) });
  await first;
  expect(said.filter(({ type }) => type === "loaded")).toHaveLength(1);
  expect(last("snapshot")).toMatchObject({ received: 1, end: 1 });
});
