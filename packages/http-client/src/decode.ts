import { pipeline, Readable, type Transform } from "node:stream";
import { promisify } from "node:util";
import zlib from "node:zlib";
import { ContentDecodingError, ResponseTooLarge } from "./errors.ts";

/** More codings than this in one Content-Encoding is an attack (CVE-2026-22036). */
const MAX_ENCODINGS = 5;

type Coding = "gzip" | "deflate" | "br" | "zstd";
type OneShot = (input: Uint8Array, options: { maxOutputLength?: number }) => Promise<Buffer>;

// zstd came with Node 22.15; @types/node of Node 20 does not have it.
const zstd = zlib as typeof zlib & {
  zstdDecompress?: (
    input: Uint8Array,
    options: object,
    callback: (error: Error | null, result: Buffer) => void,
  ) => void;
  zstdDecompressSync?: (input: Uint8Array) => Buffer;
  createZstdDecompress?: () => Transform;
};
const hasZstd = zstd.zstdDecompressSync !== undefined && noticesTruncation(zstd.zstdDecompressSync);

/** Node.js 22 takes a zstd body that was cut off for a whole one; there zstd is neither offered nor decoded. */
function noticesTruncation(decompress: (input: Uint8Array) => Buffer): boolean {
  try {
    decompress(Buffer.from("28b52ffd2003190000", "hex"));
    return false;
  } catch {
    return true;
  }
}

/** Accept-Encoding of requests that say nothing else: what this Node.js can decode. */
export const ACCEPT_ENCODING: string = hasZstd ? "gzip, deflate, br, zstd" : "gzip, deflate, br";

const oneShot: Record<Coding, OneShot> = {
  gzip: promisify(zlib.gunzip) as OneShot,
  deflate: (input, options) =>
    isZlib(input[0])
      ? (promisify(zlib.inflate) as OneShot)(input, options)
      : (promisify(zlib.inflateRaw) as OneShot)(input, options),
  br: promisify(zlib.brotliDecompress) as OneShot,
  zstd: (input, options) => (promisify(zstd.zstdDecompress!) as OneShot)(input, options),
};

/** RFC 1950 has method 8 in the low bits of its first byte; many servers send RFC 1951 without that header. */
function isZlib(first: number | undefined): boolean {
  return first !== undefined && (first & 0x0f) === 0x08;
}

/**
 * The codings of a Content-Encoding header, in the order to undo them; empty when there is nothing to decode or one
 * is unknown, so that the body stays as it came. Throws ContentDecodingError for more than `MAX_ENCODINGS`.
 */
export function parseContentEncoding(header: string | null | undefined): Coding[] {
  if (!header) return [];
  const names = header.split(",").map((name) =>
    name
      .trim()
      .toLowerCase()
      .replace(/^x-gzip$/, "gzip"),
  );
  if (names.length > MAX_ENCODINGS) {
    throw new ContentDecodingError(
      `Content-Encoding names ${names.length} codings; at most ${MAX_ENCODINGS} are decoded`,
    );
  }
  const codings: Coding[] = [];
  for (const name of names) {
    if (name === "" || name === "identity") continue;
    if (name !== "gzip" && name !== "deflate" && name !== "br" && !(name === "zstd" && hasZstd)) return [];
    codings.unshift(name);
  }
  return codings;
}

/** Undoes the codings of a whole body; never makes more than `limit` bytes. */
export async function decodeBytes(body: Buffer, codings: readonly Coding[], limit: number): Promise<Buffer> {
  let decoded = body;
  for (const coding of codings) {
    if (decoded.length === 0) return decoded;
    try {
      decoded = await oneShot[coding](
        decoded,
        limit === Number.POSITIVE_INFINITY ? {} : { maxOutputLength: Math.max(1, limit) },
      );
    } catch (cause) {
      if ((cause as { code?: string }).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(limit);
      throw cause;
    }
  }
  return decoded;
}

/** The error of a body that outgrew its limit. */
export function tooLarge(limit: number): ResponseTooLarge {
  return new ResponseTooLarge(
    `the body is larger than ${limit} bytes after decoding; raise maxResponseBytes to accept it`,
  );
}

/** Undoes the codings of a streamed body; the source is read only as fast as the result is. */
export async function* decodeStream(
  source: AsyncIterable<Buffer>,
  codings: readonly Coding[],
): AsyncGenerator<Buffer, void> {
  if (codings.length === 0) {
    yield* source;
    return;
  }
  const iterator = source[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done) return;
  const rest = (async function* () {
    yield first.value;
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
  })();
  const input = Readable.from(rest, { objectMode: false, highWaterMark: 65_536 });
  const stages = codings.map((coding, i) => decoder(coding, i === 0 ? first.value[0] : undefined));
  // The error, if any, is thrown by the iteration of the last stage.
  const output = pipeline([input, ...stages], () => {}) as unknown as AsyncIterable<Buffer>;
  yield* output;
}

function decoder(coding: Coding, first: number | undefined): Transform {
  const options = { chunkSize: 65_536 };
  if (coding === "gzip") return zlib.createGunzip(options);
  if (coding === "br") return zlib.createBrotliDecompress(options);
  if (coding === "zstd") return zstd.createZstdDecompress!();
  return first === undefined || isZlib(first) ? zlib.createInflate(options) : zlib.createInflateRaw(options);
}
