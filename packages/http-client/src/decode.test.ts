import { randomBytes } from "node:crypto";
import zlib from "node:zlib";
import { describe, expect, it, test } from "vitest";
import { ACCEPT_ENCODING, decodeBytes, decodeStream, parseContentEncoding } from "./decode.ts";
import { ContentDecodingError, ResponseTooLarge } from "./errors.ts";

const text = Buffer.from("hello, ".repeat(1000));
// Offered only where a body that was cut off is noticed, which Node.js 22 does not.
const zstd = ACCEPT_ENCODING.includes("zstd")
  ? (zlib as unknown as { zstdCompressSync: (bytes: Buffer) => Buffer }).zstdCompressSync
  : undefined;
const cases: [string, Buffer][] = [
  ["gzip", zlib.gzipSync(text)],
  ["x-gzip", zlib.gzipSync(text)],
  ["GZIP", zlib.gzipSync(text)],
  ["gzip", Buffer.concat([zlib.gzipSync(text.subarray(0, 100)), zlib.gzipSync(text.subarray(100))])],
  ["deflate", zlib.deflateSync(text)],
  ["deflate", zlib.deflateRawSync(text)],
  ["br", zlib.brotliCompressSync(text)],
  ["deflate, gzip", zlib.gzipSync(zlib.deflateSync(text))],
  ["gzip, br", zlib.brotliCompressSync(zlib.gzipSync(text))],
  ["identity", text],
  ["gzip, identity", zlib.gzipSync(text)],
  ["compress", text],
  ["", text],
  ...(zstd ? ([["zstd", zstd(text)]] as [string, Buffer][]) : []),
];

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function collect(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe.each(cases)("%s", (header, encoded) => {
  const codings = parseContentEncoding(header);
  it("whole", async () => expect((await decodeBytes(encoded, codings, 1e6)).equals(text)).toBe(true));
  it.each([1, 7, 100_000])("in pieces of %i", async (size) => {
    expect((await collect(decodeStream(pieces(encoded, size), codings))).equals(text)).toBe(true);
  });
  it("of nothing is nothing", async () => {
    expect(await decodeBytes(Buffer.alloc(0), codings, 1e6)).toHaveLength(0);
    expect(await collect(decodeStream(pieces(Buffer.alloc(0), 1), codings))).toHaveLength(0);
  });
  if (codings.length === 1 && encoded !== text) {
    it("cut short is an error", async () => {
      const cut = encoded.subarray(0, encoded.length - 9);
      await expect(decodeBytes(cut, codings, 1e6)).rejects.toThrow();
      await expect(collect(decodeStream(pieces(cut, 50), codings))).rejects.toThrow();
    });
  }
});

test("says what it can decode", () =>
  expect(ACCEPT_ENCODING).toBe(zstd ? "gzip, deflate, br, zstd" : "gzip, deflate, br"));
test("five codings are the most", () => {
  expect(parseContentEncoding("gzip,gzip,gzip,gzip,gzip")).toHaveLength(5);
  expect(() => parseContentEncoding("gzip,gzip,gzip,gzip,gzip,gzip")).toThrow(ContentDecodingError);
});
test("a bomb stops at the limit", async () => {
  const bomb = zlib.gzipSync(Buffer.alloc(50_000_000));
  await expect(decodeBytes(bomb, ["gzip"], 1_000_000)).rejects.toThrow(ResponseTooLarge);
  await expect(decodeBytes(zlib.gzipSync(bomb), ["gzip", "gzip"], 1_000_000)).rejects.toThrow(ResponseTooLarge);
});
test("the source is not read ahead of the reader", async () => {
  const large = zlib.gzipSync(randomBytes(5_000_000));
  let read = 0;
  const counted = (async function* () {
    for await (const piece of pieces(large, 1024)) {
      read += piece.length;
      yield piece;
    }
  })();
  const first = await decodeStream(counted, ["gzip"]).next();
  expect(first.value!.length).toBeLessThanOrEqual(65_536);
  expect(read).toBeLessThan(large.length / 2);
});
test("garbage is an error", async () => {
  for (const coding of ["gzip", "br"] as const)
    await expect(decodeBytes(Buffer.from("not compressed"), [coding], 1e6)).rejects.toThrow();
});
