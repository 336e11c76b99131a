import type { FileHandle } from "node:fs/promises";
import { InvalidValueError } from "../errors.ts";
import { plainBytes } from "./bytes.ts";
import { gunzip, isGzip } from "./gunzip.ts";
import { nodeModule } from "./node.ts";

/** Anything that gives the bytes of a capture. */
export type CaptureInput =
  | string
  | URL
  | Uint8Array
  | ArrayBuffer
  | AsyncIterable<Uint8Array>
  | Iterable<Uint8Array>
  | ReadableStream<Uint8Array>
  | Blob;

/** Bytes to parse: `buffer[0, limit)`. */
interface Filled {
  readonly buffer: Uint8Array;
  readonly limit: number;
}

/** Gives bytes in pieces. */
export interface ByteSource {
  /** Size of the input in bytes as it is stored, when known. */
  readonly byteLength: number | undefined;
  /** Bytes taken of the input so far, as it is stored. */
  readonly bytesRead: number;
  /** Everything of `rest` followed by new bytes, at least `needed` in all unless the input ends; `undefined` at its end. */
  fill(rest: Uint8Array, needed: number): Promise<Filled | undefined>;
  /** Takes back memory that `fill` gave and that nothing refers to. */
  recycle?(buffer: Uint8Array): void;
  close(): Promise<void>;
}

/** How a source reads. */
export interface SourceOptions {
  /** Wait for more at the end of a file instead of ending. Only for a path. */
  readonly follow?: boolean;
  /** Milliseconds between looks at a followed file. Default 100. */
  readonly pollInterval?: number;
  readonly signal?: AbortSignal;
}

/** How a file is read here. */
interface FileOptions extends SourceOptions {
  /** Bytes of a piece. */
  readonly chunkSize?: number;
}

// Large enough that the cost of a read vanishes, small enough that a kept packet holds little.
const CHUNK = 512 * 1024;

/** The source of an input; what is compressed with gzip is decompressed. */
export async function openSource(input: CaptureInput, options: FileOptions): Promise<ByteSource> {
  if (options.follow && typeof input !== "string" && !(input instanceof URL)) {
    throw new InvalidValueError("follow", options.follow, "a path as the input to follow");
  }
  const plain = await rawSource(input, options);
  const head = await plain.fill(new Uint8Array(0), 2);
  if (head === undefined) return plain;
  if (!isGzip(head.buffer, head.limit)) return new PushedBack(plain, head);
  return new ChunkSource(gunzip(chunks(plain, head)), plain);
}

async function rawSource(input: CaptureInput, options: FileOptions): Promise<ByteSource> {
  if (typeof input === "string" || input instanceof URL) return FileSource.open(input, options);
  if (input instanceof ArrayBuffer || ArrayBuffer.isView(input)) {
    const bytes = plainBytes(input);
    return new ChunkSource(once(bytes), { byteLength: bytes.length, bytesRead: bytes.length });
  }
  if (typeof Blob !== "undefined" && input instanceof Blob) {
    return new ChunkSource(readableChunks(input.stream()), { byteLength: input.size });
  }
  if (typeof (input as ReadableStream)?.getReader === "function") {
    return new ChunkSource(readableChunks(input as ReadableStream<Uint8Array>), {});
  }
  if (typeof (input as AsyncIterable<Uint8Array>)?.[Symbol.asyncIterator] === "function") {
    return new ChunkSource((input as AsyncIterable<Uint8Array>)[Symbol.asyncIterator](), {});
  }
  if (typeof (input as Iterable<Uint8Array>)?.[Symbol.iterator] === "function") {
    return new ChunkSource(fromIterable(input as Iterable<Uint8Array>), {});
  }
  throw new InvalidValueError("openCapture(input)", input, "a path, bytes, an iterable of bytes or a stream");
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function* fromIterable(input: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* input;
}

async function* chunks(source: ByteSource, head: Filled): AsyncGenerator<Uint8Array> {
  yield head.buffer.subarray(0, head.limit);
  for (;;) {
    const filled = await source.fill(new Uint8Array(0), 1);
    if (filled === undefined) return;
    yield filled.buffer.subarray(0, filled.limit);
  }
}

/** A reader instead of the stream's own iterator, which browsers lack. */
async function* readableChunks(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  let ended = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      ended = done;
      if (done) return;
      yield value;
    }
  } finally {
    if (!ended) await reader.cancel();
    reader.releaseLock();
  }
}

/** Pieces of memory from an iterator. */
class ChunkSource implements ByteSource {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #stored: { readonly byteLength?: number | undefined; readonly bytesRead?: number; close?(): Promise<void> };
  #taken = 0;

  constructor(
    source: AsyncIterator<Uint8Array>,
    stored: { readonly byteLength?: number | undefined; readonly bytesRead?: number; close?(): Promise<void> },
  ) {
    this.#chunks = source;
    this.#stored = stored;
  }

  get byteLength(): number | undefined {
    return this.#stored.byteLength;
  }
  get bytesRead(): number {
    return this.#stored.bytesRead ?? this.#taken;
  }

  async fill(rest: Uint8Array, needed: number): Promise<Filled | undefined> {
    const parts = [rest];
    let total = rest.length;
    do {
      const { done, value } = await this.#chunks.next();
      if (done) break;
      if (!ArrayBuffer.isView(value)) throw new InvalidValueError("openCapture(input): a piece", value, "a Uint8Array");
      this.#taken += value.byteLength;
      if (value.byteLength > 0) parts.push(plainBytes(value));
      total += value.byteLength;
    } while (total < needed);
    if (parts.length === 1) return undefined;
    if (rest.length === 0 && parts.length === 2) return { buffer: parts[1]!, limit: total };
    const buffer = new Uint8Array(total);
    let at = 0;
    for (const part of parts) {
      buffer.set(part, at);
      at += part.length;
    }
    return { buffer, limit: total };
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
    await this.#stored.close?.();
  }
}

/** A source whose first bytes were looked at. */
class PushedBack implements ByteSource {
  readonly #source: ByteSource;
  #head: Filled | undefined;

  constructor(source: ByteSource, head: Filled) {
    this.#source = source;
    this.#head = head;
  }

  get byteLength(): number | undefined {
    return this.#source.byteLength;
  }
  get bytesRead(): number {
    return this.#source.bytesRead;
  }
  async fill(rest: Uint8Array, needed: number): Promise<Filled | undefined> {
    const head = this.#head;
    this.#head = undefined;
    return head ?? this.#source.fill(rest, needed);
  }
  recycle(buffer: Uint8Array): void {
    this.#source.recycle?.(buffer);
  }
  close(): Promise<void> {
    return this.#source.close();
  }
}

/** A file, read ahead by one piece so that the disk and the decoder work at the same time. */
class FileSource implements ByteSource {
  readonly #file: FileHandle;
  readonly #options: FileOptions;
  readonly #chunk: number;
  readonly byteLength: number | undefined;
  bytesRead = 0;
  #ahead: Promise<Filled> | undefined;
  #spare: ArrayBuffer | undefined;

  private constructor(file: FileHandle, byteLength: number | undefined, options: FileOptions) {
    this.#file = file;
    this.byteLength = byteLength;
    this.#options = options;
    this.#chunk = options.chunkSize ?? CHUNK;
  }

  static async open(path: string | URL, options: FileOptions): Promise<FileSource> {
    const fs = nodeModule<typeof import("node:fs/promises")>("node:fs/promises");
    if (fs === undefined) {
      throw new InvalidValueError("openCapture(input)", path, "bytes or a stream: there are no files here");
    }
    const file = await fs.open(path, "r");
    const stat = await file.stat();
    if (stat.isDirectory()) {
      await file.close();
      throw Object.assign(new Error(`EISDIR: ${String(path)} is a directory`), { code: "EISDIR", path: String(path) });
    }
    return new FileSource(file, stat.isFile() ? stat.size : undefined, options);
  }

  async fill(rest: Uint8Array, needed: number): Promise<Filled | undefined> {
    const room = Math.max(this.#chunk, needed - rest.length);
    // The piece read ahead left room before it for the start of a record that the last piece cut.
    const ahead = this.#ahead ?? this.#read(this.#chunk);
    this.#ahead = undefined;
    let piece = await ahead;
    let parts = piece.limit;
    const pieces = [piece];
    while (parts < needed - rest.length || (parts === 0 && this.#options.follow)) {
      piece = await this.#read(room);
      if (piece.limit > 0) pieces.push(piece);
      else if (!this.#options.follow || !(await this.#wait())) break;
      parts += piece.limit;
    }
    if (parts === 0) return undefined;
    if (!this.#options.follow) {
      this.#ahead = this.#read(this.#chunk);
      // It is awaited by the next `fill`; without one, closing the file may reject it.
      this.#ahead.catch(() => {});
    }
    const first = pieces[0]!;
    if (pieces.length === 1 && rest.length <= HEADROOM) {
      const start = HEADROOM - rest.length;
      first.buffer.set(rest, start);
      return { buffer: first.buffer.subarray(start), limit: rest.length + first.limit };
    }
    const buffer = new Uint8Array(rest.length + parts);
    buffer.set(rest);
    let at = rest.length;
    for (const { buffer: from, limit } of pieces) {
      buffer.set(from.subarray(HEADROOM, HEADROOM + limit), at);
      at += limit;
    }
    return { buffer, limit: at };
  }

  async close(): Promise<void> {
    await this.#ahead?.catch(() => {});
    await this.#file.close();
  }

  recycle({ buffer }: Uint8Array): void {
    if (buffer instanceof ArrayBuffer && buffer.byteLength === HEADROOM + this.#chunk) this.#spare = buffer;
  }

  async #read(size: number): Promise<Filled> {
    const spare = size === this.#chunk ? this.#spare : undefined;
    if (spare !== undefined) this.#spare = undefined;
    const buffer = spare === undefined ? new Uint8Array(HEADROOM + size) : new Uint8Array(spare);
    const { bytesRead } = await this.#file.read(buffer, HEADROOM, size, null);
    this.bytesRead += bytesRead;
    return { buffer, limit: bytesRead };
  }

  /** Resolves to false when the signal ends the wait. */
  #wait(): Promise<boolean> {
    const { signal, pollInterval = 100 } = this.#options;
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve(false);
      const stop = () => {
        clearTimeout(timer);
        resolve(false);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", stop);
        resolve(true);
      }, pollInterval);
      signal?.addEventListener("abort", stop, { once: true });
    });
  }
}

/** Room before a piece for the rest of the one before it: most cut records fit, so that nothing else is copied. */
const HEADROOM = 64 * 1024;
