import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CaptureFormatError, InvalidValueError } from "../errors.ts";
import { Packet } from "../packet.ts";
import { putU16, putU32 } from "./bytes.ts";
import { openCapture } from "./capture.ts";
import { readCapture } from "./memory-capture.ts";
import type { CaptureInput } from "./source.ts";
import { type CaptureWriterOptions, encodeCapture } from "./writer.ts";

const packets = [60, 1, 1500, 0, 77].map(
  (length, i) => new Packet(new Uint8Array(length).fill(i), 0, length, length + i, 1, 1_700_000_000 + i, 123_456_789),
);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "capture-"));
});
afterEach(() => rm(folder, { recursive: true }));

function describePacket(packet: Packet): unknown[] {
  return [
    packet.time.toString(),
    packet.capturedLength,
    packet.originalLength,
    packet.linkType,
    [...packet.bytes.slice(0, 2)],
  ];
}

/** Microseconds in a pcap, the full time otherwise. */
function wanted(options: CaptureWriterOptions): unknown[][] {
  const micros = options.format !== "pcapng" && !options.nanoseconds;
  return packets.map((packet) => {
    const [time, ...rest] = describePacket(packet) as [string, ...unknown[]];
    return [micros ? time.replace(/789$/, "000") : time, ...rest];
  });
}

const kinds: CaptureWriterOptions[] = (["pcap", "pcapng"] as const).flatMap((format) =>
  (["little", "big"] as const).flatMap((byteOrder) =>
    [false, true].map((nanoseconds) => ({ format, byteOrder, nanoseconds })),
  ),
);

describe.each(kinds)("a capture written as %o", (options) => {
  test("is read back the same, from memory and in pieces of any size", async () => {
    const file = await encodeCapture(packets, options);
    const memory = readCapture(file);
    expect([...memory].map(describePacket)).toEqual(wanted(options));
    expect(memory.problem).toBeUndefined();
    expect(memory.format).toBe(options.format);
    for (const size of [1, 7, 64, 1000, 1 << 20]) {
      const pieces = Array.from({ length: Math.ceil(file.length / size) }, (_, i) =>
        file.slice(i * size, (i + 1) * size),
      );
      expect((await openCapture(pieces).toArray()).map(describePacket)).toEqual(wanted(options));
    }
  });

  test("cut at any byte gives every whole packet and says that it is cut", async () => {
    const file = await encodeCapture(
      packets
        .slice(0, 3)
        .map((packet) => new Packet(packet.buffer, 0, Math.min(packet.capturedLength, 40), 40, 1, 0, 0)),
      options,
    );
    const ends = [...readCapture(file)].map((packet) => packet.offset + packet.capturedLength);
    const firstEnd = ends[0]!;
    for (let length = file.length; length > 0; length--) {
      const cut = file.slice(0, length);
      try {
        const capture = openCapture(cut);
        const found = await capture.toArray();
        expect(found.length).toBeLessThanOrEqual(ends.filter((end) => end <= length).length);
        if (length < file.length && capture.problem === undefined) expect(found.length).toBeLessThan(3);
        if (capture.problem !== undefined) expect(capture.truncated).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(CaptureFormatError);
        expect(length).toBeLessThan(firstEnd);
      }
    }
  });
});

describe("inputs", () => {
  const file = encodeCapture(packets);
  async function* chunks(bytes: Uint8Array) {
    for (let at = 0; at < bytes.length; at += 100) yield Buffer.from(bytes.subarray(at, at + 100));
  }
  const inputs: [string, (bytes: Uint8Array) => Promise<CaptureInput> | CaptureInput][] = [
    ["bytes", (bytes) => bytes],
    ["a Buffer", (bytes) => Buffer.from(bytes)],
    ["an ArrayBuffer", (bytes) => bytes.slice().buffer],
    ["an iterable", (bytes) => [bytes]],
    ["an async iterable of Buffers", (bytes) => chunks(bytes)],
    ["a web stream", (bytes) => new Blob([bytes as Uint8Array<ArrayBuffer>]).stream() as ReadableStream<Uint8Array>],
    ["a Blob", (bytes) => new Blob([bytes as Uint8Array<ArrayBuffer>])],
    [
      "a path",
      async (bytes) => {
        await writeFile(join(folder, "a.pcap"), bytes);
        return join(folder, "a.pcap");
      },
    ],
    [
      "a file URL",
      async (bytes) => {
        await writeFile(join(folder, "b.pcap"), bytes);
        return new URL(`file://${join(folder, "b.pcap")}`);
      },
    ],
  ];

  test.each(inputs)("%s", async (_name, make) => {
    expect((await openCapture(await make(await file)).toArray()).map(describePacket)).toEqual(wanted({}));
  });

  test.each(inputs)("%s, compressed with gzip", async (_name, make) => {
    const input = await make(new Uint8Array(gzipSync(await file)));
    expect((await openCapture(input).toArray()).map(describePacket)).toEqual(wanted({}));
  });

  test("a compressed file that is cut gives what can be decompressed", async () => {
    const random = Array.from({ length: 200 }, (_, i) =>
      Uint8Array.from({ length: 300 }, (_, j) => (i * 7919 + j * j * 31) % 251),
    );
    const zipped = gzipSync(await encodeCapture(random));
    const capture = openCapture(zipped.subarray(0, zipped.length / 2));
    const found = await capture.toArray();
    expect(found.length).toBeGreaterThan(0);
    expect(found.length).toBeLessThan(200);
    expect(capture.truncated).toBe(true);
  });

  test("compressed data that is damaged ends with a problem", async () => {
    const zipped = gzipSync(
      await encodeCapture(
        Array.from({ length: 5000 }, (_, i) => Uint8Array.from({ length: 90 }, (_, j) => (i * 7919 + j) % 251)),
      ),
    );
    const middle = zipped.length >> 1;
    zipped.fill(0xa5, middle, middle + 200);
    const capture = openCapture(zipped);
    await capture.toArray();
    expect(capture.problem?.code).toBe("damaged");
  });
});

describe("what is no capture", () => {
  test.each([
    [new Uint8Array(0), "The file is empty"],
    [
      new TextEncoder().encode("GIF89a, not a capture at all"),
      "Neither a pcap nor a pcapng file: it starts with 47 49 46 38",
    ],
    [Uint8Array.of(0xd4, 0xc3, 0xb2, 0xa1, 2, 0), "The file ends within its header, after 6 bytes"],
  ])("%#: a clear error", async (bytes, message) => {
    await expect(openCapture(bytes).toArray()).rejects.toThrow(message);
    await expect(openCapture(bytes).open()).rejects.toBeInstanceOf(CaptureFormatError);
    expect(() => readCapture(bytes)).toThrow(message);
  });

  test("a missing file and a folder are the system's errors", async () => {
    await expect(openCapture(join(folder, "none.pcap")).toArray()).rejects.toMatchObject({ code: "ENOENT" });
    await expect(openCapture(folder).toArray()).rejects.toMatchObject({ code: "EISDIR" });
  });

  test("options that cannot be are refused before anything happens", () => {
    expect(() => openCapture("x.pcap", { maxPacketLength: 0 })).toThrow(InvalidValueError);
    expect(() => openCapture("x.pcap", { filter: {} as never })).toThrow("filter: expected");
  });
});

describe("limits", () => {
  test("a packet above maxPacketLength is damage, and nothing is allocated for it", async () => {
    const file = await encodeCapture(packets);
    putU32(file, 24 + 8, 0x7fffffff, false);
    const capture = openCapture(file);
    expect(await capture.toArray()).toEqual([]);
    expect(capture.problem).toMatchObject({ code: "damaged", offset: 24 });
    await expect(openCapture(file, { strict: true }).toArray()).rejects.toMatchObject({
      code: "ERR_CAPTURE_FORMAT",
      offset: 24,
    });
  });

  test("toArray refuses more packets than its limit", async () => {
    await expect(openCapture(await encodeCapture(packets)).toArray({ limit: 4 })).rejects.toThrow(RangeError);
  });
});

describe("old and odd pcap headers", () => {
  function header(magic: number, minor: number, link: number): Uint8Array {
    const out = new Uint8Array(24);
    putU32(out, 0, magic, false);
    putU16(out, 4, 2, false);
    putU16(out, 6, minor, false);
    putU32(out, 16, 65535, false);
    putU32(out, 20, link, false);
    return out;
  }
  function record(first: number, second: number, extra: number, data: number): Uint8Array {
    const out = new Uint8Array(16 + extra + data);
    putU32(out, 0, 5, false);
    putU32(out, 8, first, false);
    putU32(out, 12, second, false);
    return out;
  }

  test("Kuznetzov's records have eight more bytes", () => {
    const file = Buffer.concat([header(0xa1b2cd34, 4, 1), record(3, 9, 8, 3), record(1, 1, 8, 1)]);
    expect([...readCapture(file)].map((p) => [p.capturedLength, p.originalLength])).toEqual([
      [3, 9],
      [1, 1],
    ]);
  });

  test("version 2.3 may have the lengths swapped, version 2.2 always has", () => {
    const file = (minor: number) => Buffer.concat([header(0xa1b2c3d4, minor, 1), record(9, 3, 0, 3)]);
    for (const minor of [2, 3]) {
      expect([...readCapture(file(minor))].map((p) => [p.capturedLength, p.originalLength])).toEqual([[3, 9]]);
    }
  });

  test("the link type word is written as it was read", async () => {
    const file = Buffer.concat([header(0xa1b2c3d4, 4, 0x24000001), record(3, 3, 0, 3)]);
    const copy = await encodeCapture(readCapture(file), { snaplen: 65535 });
    expect(Buffer.from(copy).equals(file)).toBe(true);
  });

  test("the link type word also tells of a frame check sequence", () => {
    const { interfaces } = readCapture(Buffer.concat([header(0xa1b2c3d4, 4, 0x24000001)]));
    expect(interfaces[0]).toMatchObject({ linkType: 1, fcsLength: 4, linkTypeExtension: 0x2400 });
  });
});

test("a filter sees the packets in place and chooses them", async () => {
  const file = await encodeCapture(packets);
  const filter = {
    match: (b: Uint8Array, offset: number, captured: number, original: number) =>
      captured > 60 && b[offset] === (captured % 2) + (original > 100 ? 2 : 3),
  };
  for (const format of ["pcap", "pcapng"] as const) {
    const found = await openCapture(await encodeCapture(packets, { format }), { filter }).toArray();
    expect(found.map((p) => p.capturedLength)).toEqual([1500, 77]);
  }
  expect([...readCapture(file, { filter: () => filter })].length).toBe(2);
});

test("leaving the loop closes the file, and calls to next that overlap are answered in order", async () => {
  const path = join(folder, "c.pcap");
  await writeFile(path, await encodeCapture(packets));
  const capture = openCapture(path);
  const iterator = capture[Symbol.asyncIterator]();
  const results = await Promise.all(Array.from({ length: 7 }, () => iterator.next()));
  expect(results.map(({ done, value }) => (done ? "end" : (value as Packet).capturedLength))).toEqual([
    60,
    1,
    1500,
    0,
    77,
    "end",
    "end",
  ]);
  for await (const packet of openCapture(path)) {
    expect(packet.capturedLength).toBe(60);
    break;
  }
});

test("a growing file is followed until the signal", async () => {
  const path = join(folder, "grow.pcap");
  const file = await encodeCapture(packets);
  await writeFile(path, file.slice(0, 200));
  const abort = new AbortController();
  const lengths: number[] = [];
  for await (const packet of openCapture(path, { follow: true, pollInterval: 1, signal: abort.signal })) {
    lengths.push(packet.capturedLength);
    if (lengths.length === 1) await appendFile(path, file.slice(200, 300));
    if (lengths.length === 1) await appendFile(path, file.slice(300));
    if (lengths.length === packets.length) abort.abort();
  }
  expect(lengths).toEqual([60, 1, 1500, 0, 77]);
}, 10_000);

test("closing ends following", async () => {
  const path = join(folder, "close.pcap");
  await writeFile(path, await encodeCapture(packets));
  const capture = openCapture(path, { follow: true, pollInterval: 1 });
  let count = 0;
  for await (const _packet of capture) if (++count === packets.length) setImmediate(() => void capture.close());
  expect(count).toBe(packets.length);
  expect(capture.problem).toBeUndefined();
});

test("packets that a filter lets through seldom keep their bytes while the rest of the file is read", async () => {
  const path = join(folder, "long.pcap");
  const all = Array.from({ length: 3000 }, (_, i) => {
    const bytes = new Uint8Array(1000).fill(i % 251);
    bytes[0] = i >> 8;
    bytes[1] = i;
    return bytes;
  });
  await writeFile(path, await encodeCapture(all));
  const wanted = new Set([5, 1400, 2990]);
  const filter = { match: (b: Uint8Array, at: number) => wanted.has((b[at]! << 8) | b[at + 1]!) };
  const kept = await openCapture(path, { filter }).toArray();
  expect(kept.map((packet) => [...packet.bytes])).toEqual([5, 1400, 2990].map((i) => [...all[i]!]));
});
