import { nodeModule } from "../container/node.ts";
import { checkInteger } from "../errors.ts";
import { ByteBuffer } from "./byte-buffer.ts";

/** How `HTTPBody.decode` unpacks. */
export interface DecodeBodyOptions {
  /** Bytes that come out at most; a body that unpacks to more is an error. Default 64 MiB. */
  readonly limit?: number;
  /** Gives what can be unpacked of a body that is damaged or incomplete, instead of an error. Default false. */
  readonly partial?: boolean;
}

/** A body cannot be unpacked. */
export class HTTPBodyError extends Error {
  override readonly name = "HTTPBodyError";
  readonly code: "ERR_HTTP_BODY_ENCODING" | "ERR_HTTP_BODY_DAMAGED" | "ERR_HTTP_BODY_LIMIT";

  constructor(message: string, code: HTTPBodyError["code"], options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The content of a message, without its chunks. It is kept up to a limit, and unpacked only when asked for. */
export class HTTPBody {
  /** Content codings, in the order in which they were applied. */
  readonly encodings: readonly string[];
  /** Bytes that the message carried. */
  length = 0;
  /** Bytes of these that the capture lacks. */
  missing = 0;
  /** Whether all of it was seen and kept. */
  complete = false;
  readonly #content = new ByteBuffer();

  constructor(encodings: readonly string[]) {
    this.encodings = encodings;
  }

  /** Bytes that are kept. */
  get kept(): number {
    return this.#content.length;
  }

  /** The bytes that are kept, still packed. */
  get bytes(): Uint8Array {
    return this.#content.bytes;
  }

  /** @internal Whether it was handed out: nothing is added any more. */
  released = false;

  /** @internal Keeps a copy of `bytes`. */
  keep(bytes: Uint8Array): void {
    this.#content.push(bytes);
  }

  /**
   * The content, unpacked: gzip and deflate everywhere, Brotli where the platform has it. Rejects with an
   * `HTTPBodyError` for other codings, for damage, and for more than `limit` bytes.
   */
  async decode(options: DecodeBodyOptions = {}): Promise<Uint8Array> {
    const { limit = 64 * 2 ** 20, partial = false } = options;
    checkInteger("limit", limit, 0, Number.MAX_SAFE_INTEGER);
    let { bytes } = this;
    for (const coding of [...this.encodings].reverse()) bytes = await unpack(bytes, coding, limit, partial);
    if (bytes.length > limit) throw tooLarge(limit);
    return bytes;
  }
}

function tooLarge(limit: number): HTTPBodyError {
  return new HTTPBodyError(`The body unpacks to more than the limit of ${limit} bytes`, "ERR_HTTP_BODY_LIMIT");
}

async function unpack(bytes: Uint8Array, coding: string, limit: number, partial: boolean): Promise<Uint8Array> {
  if (coding === "identity" || bytes.length === 0) return bytes;
  const stream = unpacker(coding, bytes);
  const writer = stream.writable.getWriter();
  // A failure is seen by the reader.
  writer.write(bytes as Uint8Array<ArrayBuffer>).catch(() => {});
  writer.close().catch(() => {});
  const reader = stream.readable.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      length += value.length;
      if (length > limit) throw tooLarge(limit);
    }
  } catch (error) {
    reader.cancel().catch(() => {});
    if (error instanceof HTTPBodyError) throw error;
    if (!partial) throw new HTTPBodyError(`The body is no whole ${coding}`, "ERR_HTTP_BODY_DAMAGED", { cause: error });
  }
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** What unpacks one coding. */
interface Unpacker {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array<ArrayBuffer>>;
}

function unpacker(coding: string, bytes: Uint8Array): Unpacker {
  if (coding === "gzip" || coding === "x-gzip") return new DecompressionStream("gzip") as unknown as Unpacker;
  if (coding === "deflate") {
    // The coding is zlib (RFC 9110 section 8.4.1.2), but some senders leave its header out.
    const isZlib = (bytes[0]! & 15) === 8 && ((bytes[0]! << 8) | (bytes[1] ?? 0)) % 31 === 0;
    return new DecompressionStream(isZlib ? "deflate" : "deflate-raw") as unknown as Unpacker;
  }
  if (coding === "br") {
    const zlib = nodeModule<typeof import("node:zlib")>("node:zlib");
    const stream = nodeModule<typeof import("node:stream")>("node:stream");
    if (zlib && stream) return stream.Duplex.toWeb(zlib.createBrotliDecompress()) as unknown as Unpacker;
    try {
      return new DecompressionStream("brotli" as "gzip") as unknown as Unpacker;
    } catch (error) {
      throw new HTTPBodyError("There is nothing here that unpacks Brotli", "ERR_HTTP_BODY_ENCODING", { cause: error });
    }
  }
  throw new HTTPBodyError(
    `Expected the codings gzip, deflate or br, got ${JSON.stringify(coding)}`,
    "ERR_HTTP_BODY_ENCODING",
  );
}
