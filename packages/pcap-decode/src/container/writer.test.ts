import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { hasTool } from "../../test/tools.ts";
import { stack } from "../build/stack.ts";
import { InvalidValueError } from "../errors.ts";
import { IPv4 } from "../layers/ipv4.ts";
import { UDP } from "../layers/udp.ts";
import { Packet } from "../packet.ts";
import type { CaptureBlock } from "./block.ts";
import { openCapture } from "./capture.ts";
import { readCapture } from "./memory-capture.ts";
import { CaptureWriter, encodeCapture } from "./writer.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "writer-"));
});
afterEach(() => rm(folder, { recursive: true }));

function packet(length: number, linkType = 1): Packet {
  return new Packet(new Uint8Array(length), 0, length, length, linkType, 1_700_000_000, 5000);
}

test.skipIf(!hasTool("capinfos"))("writes a file that capinfos reads, in both formats", async () => {
  for (const format of ["pcap", "pcapng"] as const) {
    const path = join(folder, `x.${format}`);
    const writer = await CaptureWriter.open(path, { format });
    for (let i = 0; i < 1000; i++) await writer.write(packet(60 + i));
    await writer.close();
    expect(writer.packets).toBe(1000);
    const report = execFileSync("capinfos", ["-M", "-c", "-d", "-E", "-T", "-m", "-r", path], { encoding: "utf8" });
    expect(report.trim().split(",").slice(1)).toEqual(["ether", "1000", "559500"]);
  }
});

test("a pcap without packets still has its header", async () => {
  const writer = await CaptureWriter.open(join(folder, "empty.pcap"), { linkType: 101 });
  await writer.close();
  const capture = await openCapture(join(folder, "empty.pcap")).open();
  expect(capture.interfaces[0]!.linkType).toBe(101);
  expect(await capture.toArray()).toEqual([]);
});

test("packets are cut to the snapshot length", async () => {
  const [first] = await openCapture(await encodeCapture([packet(500)], { snaplen: 96 })).toArray();
  expect([first!.capturedLength, first!.originalLength]).toEqual([96, 500]);
});

test("a pcap refuses a second link type, a pcapng describes both", async () => {
  await expect(encodeCapture([packet(1, 1), packet(1, 101)])).rejects.toThrow(
    'packet.linkType: expected 1, as the file has; use format: "pcapng" for several, got 101',
  );
  const capture = openCapture(await encodeCapture([packet(1, 1), packet(1, 101), packet(2, 1)], { format: "pcapng" }));
  expect((await capture.toArray()).map((each) => each.linkType)).toEqual([1, 101, 1]);
  expect(capture.interfaces.length).toBe(2);
});

test("every kind of block is written and read back", async () => {
  const parts: Uint8Array[] = [];
  const writer = await CaptureWriter.open({ write: (bytes) => parts.push(bytes.slice()) }, { format: "pcapng" });
  const wlan = {
    id: 0,
    linkType: 1,
    snaplen: 0,
    name: "wlan0",
    ticksPerSecond: 1_000_000_000n,
    timestampOffset: 0n,
    options: [
      { code: 2, name: "if_name", value: "wlan0" },
      { code: 9, name: "if_tsresol", value: 9 },
    ],
  };
  const data = new Packet(Uint8Array.of(1, 2, 3), 0, 3, 3, 1, 10, 20, wlan);
  const comment = { code: 1, name: "opt_comment", value: "what is this?" };
  const blocks: CaptureBlock[] = [
    {
      type: "section",
      byteOrder: "big",
      version: [1, 0],
      length: -1n,
      options: [{ code: 4, name: "shb_userappl", value: "test" }],
    },
    { type: "interface", interface: wlan, options: wlan.options },
    {
      type: "packet",
      form: "enhanced",
      packet: data,
      options: [comment, { code: 4, name: "epb_dropcount", value: 7n }],
    },
    { type: "packet", form: "simple", packet: data, options: [] },
    { type: "packet", form: "obsolete", packet: data, options: [], drops: 3 },
    {
      type: "names",
      records: [{ type: 1, address: Uint8Array.of(192, 0, 2, 1), names: ["a.example", "b.example"] }],
      options: [],
    },
    { type: "statistics", interfaceId: 0, time: 99n, options: [{ code: 4, name: "isb_ifrecv", value: 12345678901n }] },
    { type: "secrets", secretsType: 0x544c534b, data: new TextEncoder().encode("CLIENT_RANDOM 00"), options: [] },
    { type: "custom", enterprise: 32473, copy: true, data: Uint8Array.of(1, 2, 3, 4) },
    { type: "other", code: 0x80000001, data: Uint8Array.of(9, 9, 9, 9) },
  ];
  for (const block of blocks) await writer.writeBlock(block);
  await writer.close();
  const file = Buffer.concat(parts);
  const read: CaptureBlock[] = [];
  for await (const block of openCapture(file).blocks()) read.push(block);
  const plain = (list: CaptureBlock[]) =>
    list.map((block) => (block.type === "packet" ? { ...block, packet: [...block.packet.bytes] } : block));
  expect(plain(read)).toEqual(plain(blocks));
  const [first] = await openCapture(file).toArray();
  expect([first!.comments, first!.interface!.name, first!.time.toString()]).toEqual([
    ["what is this?"],
    "wlan0",
    "10.000000020",
  ]);
});

test("a target that fails makes the writer fail", async () => {
  const writer = await CaptureWriter.open({ write: () => Promise.reject(new Error("disk full")) });
  writer.write(packet(10));
  await expect(writer.flush()).rejects.toThrow("disk full");
  expect(() => writer.write(packet(10))).toThrow("disk full");
});

test("writes to a web stream, and closes it", async () => {
  const seen: Uint8Array[] = [];
  let closed = false;
  const stream = new WritableStream<Uint8Array>({
    write: (bytes) => void seen.push(bytes),
    close() {
      closed = true;
    },
  });
  const writer = await CaptureWriter.open(stream);
  await writer.write(packet(3));
  await writer.close();
  expect(Buffer.concat(seen).length).toBe(24 + 16 + 3);
  expect(closed).toBe(true);
});

test("options that cannot be are refused", async () => {
  await expect(CaptureWriter.open("x", { format: "erf" as never })).rejects.toBeInstanceOf(InvalidValueError);
  await expect(CaptureWriter.open("x", { snaplen: 0 })).rejects.toThrow(
    "snaplen: expected an integer from 1 to 2147483647, got 0",
  );
  await expect(CaptureWriter.open(5 as never)).rejects.toThrow("CaptureWriter.open(target)");
});

test("the file is there after close", async () => {
  const path = join(folder, "y.pcap");
  const writer = await CaptureWriter.open(path);
  await writer.write(new Uint8Array(20));
  await writer.close();
  expect((await readFile(path)).length).toBe(24 + 16 + 20);
});

test("what stack gives is written with its own link type; what is no packet is refused", async () => {
  const file = await encodeCapture([stack(IPv4(), UDP({ dport: 9 }), "hi")], { format: "pcapng" });
  const [packet] = [...readCapture(file)];
  expect([packet!.linkType, `${packet}`]).toEqual([228, packet!.summary()]);
  await expect(encodeCapture([{} as Packet])).rejects.toThrow("packet: expected a Packet, what stack(…) gives");
});
