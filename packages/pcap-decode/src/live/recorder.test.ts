import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openCapture } from "../container/capture.ts";
import { Packet } from "../packet.ts";
import { CaptureRecorder, type RecordOptions, record } from "./recorder.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "recorder-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A packet of 100 bytes a second, from 2026-01-02T03:04:05Z on. */
const packet = (i: number): Packet =>
  Packet.from(new Uint8Array(100).fill(i), { time: BigInt(1_767_323_045 + i) * 1_000_000_000n + 7n });
async function* packets(count: number): AsyncGenerator<Packet> {
  for (let i = 0; i < count; i++) yield packet(i);
}
const contents = (names: readonly string[]): Promise<number[][]> =>
  Promise.all(names.map(async (name) => (await openCapture(name).toArray()).map(({ bytes }) => bytes[0]!)));

test("one file, which has its name when it is whole", async () => {
  const path = join(folder, "trace.pcapng");
  const recorder = new CaptureRecorder(path);
  await recorder.write(packet(1));
  await recorder.write(packet(2));
  expect(readdirSync(folder)).toEqual(["trace.pcapng.part"]);
  expect(recorder.recording).toMatchObject({ packets: 2, files: [] });
  await recorder.flush();
  expect((await openCapture(`${path}.part`).toArray()).length).toBe(2);
  await recorder.close();
  await recorder.close();
  expect(readdirSync(folder)).toEqual(["trace.pcapng"]);
  const [first] = await openCapture(path).toArray();
  expect([first!.time.ns, first!.bytes[0]]).toEqual([1_767_323_046_000_000_007n, 1]);
  expect(() => recorder.write(packet(3))).toThrow("CaptureRecorder: expected an open recorder");
});

test("without packets there is an empty file, but none in a row of files", async () => {
  const path = join(folder, "empty.pcap");
  expect(await record(packets(0), path)).toMatchObject({ packets: 0, files: [path] });
  expect(await openCapture(path).toArray()).toEqual([]);
  expect((await record(packets(0), join(folder, "row.pcap"), { maxPackets: 1 })).files).toEqual([]);
});

describe.each<[string, string, RecordOptions, number[][]]>([
  [
    "by packets",
    "a.pcapng",
    { maxPackets: 4 },
    [
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9],
    ],
  ],
  ["by time", "a.pcap", { maxSeconds: 3 }, [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9]]],
  // A pcap's header has 24 bytes, a record 16 + 100.
  ["by size", "a.pcap", { maxBytes: 1024 }, [[0, 1, 2, 3, 4, 5, 6, 7, 8], [9]]],
  [
    "by what comes first",
    "a.pcapng",
    { maxPackets: 3, maxSeconds: 2 },
    [
      [0, 1],
      [2, 3],
      [4, 5],
      [6, 7],
      [8, 9],
    ],
  ],
])("rotates %s", (_name, file, options, expected) => {
  test("into files that each can be read alone", async () => {
    const whole: string[] = [];
    const { files, packets: count } = await record(packets(10), join(folder, file), {
      ...options,
      onFile: (path) => whole.push(path),
    });
    expect(count).toBe(10);
    expect(whole).toEqual(files);
    expect(await contents(files)).toEqual(expected);
    expect(readdirSync(folder).sort()).toEqual(files.map((each) => basename(each)));
    expect(basename(files[1]!)).toMatch(/^a_00002_202601020304(0[6-9]|1\d)\.pcap(ng)?$/);
  });
});

test("keeps so many files of its own, and leaves others alone", async () => {
  await record(packets(1), join(folder, "a_00000_x.pcapng"));
  const { files } = await record(packets(10), join(folder, "a.pcapng"), { maxPackets: 2, maxFiles: 2 });
  expect(await contents(files)).toEqual([
    [6, 7],
    [8, 9],
  ]);
  expect(readdirSync(folder).sort()).toEqual(["a_00000_x.pcapng", ...files.map((each) => basename(each))]);
});

test("a capture that fails leaves what came before", async () => {
  async function* failing(): AsyncGenerator<Packet> {
    yield* packets(3);
    throw new Error("the interface went down");
  }
  const path = join(folder, "cut.pcapng");
  await expect(record(failing(), path)).rejects.toThrow("the interface went down");
  expect(await contents([path])).toEqual([[0, 1, 2]]);
});

test.each<[string, RecordOptions, string]>([
  ["maxBytes", { maxBytes: 10 }, "maxBytes: expected an integer from 1024"],
  ["maxSeconds", { maxSeconds: 0 }, "maxSeconds: expected an integer from 1"],
  ["maxPackets", { maxPackets: 0.5 }, "maxPackets: expected an integer from 1"],
  ["maxFiles alone", { maxFiles: 2 }, "maxFiles: expected maxBytes, maxSeconds or maxPackets with it, got 2"],
  ["format", { format: "text" as never }, 'format: expected "pcap" or "pcapng", got "text"'],
])("what cannot be: %s", (_name, options, message) => {
  expect(() => new CaptureRecorder("x.pcap", options)).toThrow(message);
});
