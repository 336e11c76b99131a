import { nodeModule } from "./node.ts";

/** Whether `b[0, limit)` starts like gzip (RFC 1952). */
export function isGzip(b: Uint8Array, limit: number): boolean {
  return limit >= 2 && b[0] === 0x1f && b[1] === 0x8b;
}

/** Decompresses piece by piece. What a cut file still gives is given; damage is an error. */
export function gunzip(chunks: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  const zlib = nodeModule<typeof import("node:zlib")>("node:zlib");
  const stream = nodeModule<typeof import("node:stream")>("node:stream");
  return zlib && stream ? gunzipNode(chunks, zlib, stream) : gunzipWeb(chunks);
}

async function* gunzipNode(
  chunks: AsyncGenerator<Uint8Array>,
  zlib: typeof import("node:zlib"),
  stream: typeof import("node:stream"),
): AsyncGenerator<Uint8Array> {
  // With the default flush zlib refuses a cut file; with this one it gives all that can be decompressed.
  const unzip = zlib.createGunzip({ finishFlush: zlib.constants.Z_SYNC_FLUSH, chunkSize: 256 * 1024 });
  const input = stream.Readable.from(chunks, { objectMode: false });
  input.on("error", (error) => unzip.destroy(error));
  input.pipe(unzip);
  try {
    for await (const chunk of unzip) yield chunk as Uint8Array;
  } finally {
    input.destroy();
    unzip.destroy();
  }
}

async function* gunzipWeb(chunks: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  const unzip = new DecompressionStream("gzip");
  const writer = unzip.writable.getWriter();
  const pump = (async () => {
    for await (const chunk of chunks) await writer.write(chunk as Uint8Array<ArrayBuffer>);
    await writer.close();
  })();
  pump.catch(() => {});
  const reader = unzip.readable.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}
