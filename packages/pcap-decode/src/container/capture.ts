import { CaptureFormatError, checkInteger, InvalidValueError } from "../errors.ts";
import type { Packet } from "../packet.ts";
import { type FilterOption, resolveFilter } from "../packet-filter.ts";
import type { CaptureBlock } from "./block.ts";
import { plainBytes } from "./bytes.ts";
import { isGzip } from "./gunzip.ts";
import type { CaptureInterface } from "./interface.ts";
import { PCAP_HEADER, PcapReader, pcapMagic } from "./pcap.ts";
import { isPcapng, PcapngReader } from "./pcapng.ts";
import type { CaptureProblem, ContainerReader, ReaderLimits } from "./reader.ts";
import { type ByteSource, type CaptureInput, openSource, type SourceOptions } from "./source.ts";

/** How a capture is read. */
export interface CaptureOptions extends ReaderLimits, SourceOptions {
  /** Only packets that pass: an object with `match(buffer, offset, captured, original)`. */
  readonly filter?: FilterOption;
  /** Throw a `CaptureFormatError` for a truncated or damaged file after its last whole packet. Default false. */
  readonly strict?: boolean;
}

const HEAD = 12;

function createReader(buffer: Uint8Array, limit: number, options: CaptureOptions): ContainerReader {
  if (limit >= HEAD && isPcapng(buffer, 0)) return new PcapngReader(buffer, 0, limit, options);
  if (limit >= PCAP_HEADER && pcapMagic(buffer, 0) !== undefined) return new PcapReader(buffer, 0, limit, options);
  const known = limit >= 4 && (isPcapng(buffer, 0) || pcapMagic(buffer, 0) !== undefined);
  if (known)
    throw new CaptureFormatError(
      `The file ends within its header, after ${limit} bytes`,
      limit,
      "ERR_CAPTURE_TRUNCATED",
    );
  const start = [...buffer.subarray(0, Math.min(4, limit))].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  throw new CaptureFormatError(
    limit === 0 ? "The file is empty" : `Neither a pcap nor a pcapng file: it starts with ${start}`,
    0,
  );
}

function checkOptions(options: CaptureOptions): void {
  for (const name of ["maxPacketLength", "maxBlockLength", "maxInterfaces", "pollInterval"] as const) {
    if (options[name] !== undefined) checkInteger(name, options[name], 1, 0x7fffffff);
  }
  if (typeof options.filter === "object" || typeof options.filter === "string") resolveFilter(options.filter, 1);
}

/**
 * A capture file that is being read. Iterate it once for packets, or use `blocks()` for everything in it. It opens
 * when reading starts; leaving the loop closes it.
 */
export class Capture implements AsyncIterable<Packet> {
  readonly #input: CaptureInput;
  readonly #options: CaptureOptions;
  #source: ByteSource | undefined;
  #reader: ContainerReader | undefined;
  #opening: Promise<ContainerReader> | undefined;
  #closed = false;
  #problem: CaptureProblem | undefined;

  /** @internal */
  constructor(input: CaptureInput, options: CaptureOptions) {
    checkOptions(options);
    this.#input = input;
    this.#options = options;
  }

  /** The container; known once reading has started or `open()` has resolved. */
  get format(): "pcap" | "pcapng" | undefined {
    return this.#reader?.format;
  }
  /** Byte order of the file, or of the section that is being read. */
  get byteOrder(): "little" | "big" | undefined {
    return this.#reader?.byteOrder;
  }
  /** Interfaces met so far, at first those that the file starts with; exactly one in a pcap file. */
  get interfaces(): readonly CaptureInterface[] {
    return this.#reader?.interfaces ?? [];
  }
  /** What is wrong with the file, once reading has come there. Every whole packet before it was given. */
  get problem(): CaptureProblem | undefined {
    return this.#problem;
  }
  /** Whether the file ends within a packet or block; known at the end. */
  get truncated(): boolean {
    return this.#problem?.code === "truncated";
  }
  /** Size of the input as stored, when it is known before the end. */
  get byteLength(): number | undefined {
    return this.#source?.byteLength;
  }
  /** Bytes taken of the input as stored. */
  get bytesRead(): number {
    return this.#source?.bytesRead ?? 0;
  }

  /** Opens the file and reads its header. Rejects with a `CaptureFormatError` or the system's error. */
  async open(): Promise<this> {
    await this.#open();
    return this;
  }

  /** Packets one by one. Its promises are already resolved except once a piece of the file. */
  [Symbol.asyncIterator](): AsyncIterator<Packet> {
    return new PacketIterator(
      this.#openIfNeeded(),
      () => this.#more(),
      () => this.close(),
    );
  }

  /** Packets in arrays of at most `size`: the fastest way through a large file. */
  async *batches(size = 4096): AsyncGenerator<Packet[]> {
    checkInteger("batches(size)", size, 1, 1 << 24);
    const reader = await this.#open();
    try {
      let batch: Packet[] = [];
      for (;;) {
        const packet = reader.nextPacket();
        if (packet !== undefined) {
          batch.push(packet);
          if (batch.length < size) continue;
        } else if (batch.length === 0) {
          if (await this.#more()) continue;
          return;
        }
        yield batch;
        batch = [];
      }
    } finally {
      await this.close();
    }
  }

  /** Every block of the file in order, whatever the filter. */
  async *blocks(): AsyncGenerator<CaptureBlock> {
    const reader = await this.#open();
    try {
      for (;;) {
        const block = reader.nextBlock();
        if (block !== undefined) yield block;
        else if (!(await this.#more())) return;
      }
    } finally {
      await this.close();
    }
  }

  /** All packets; rejects with a `RangeError` when there are more than `limit` (default 1 000 000). */
  async toArray(options: { readonly limit?: number } = {}): Promise<Packet[]> {
    const limit = checkInteger("limit", options.limit ?? 1_000_000, 0, Number.MAX_SAFE_INTEGER);
    const packets: Packet[] = [];
    for await (const batch of this.batches()) {
      for (const packet of batch) packets.push(packet);
      if (packets.length > limit)
        throw new RangeError(`The capture has more than ${limit} packets; iterate it instead`);
    }
    return packets;
  }

  /** Closes the file. Packets that were given stay valid. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#source?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #openIfNeeded(): ContainerReader | Promise<ContainerReader> {
    return this.#reader ?? this.#open();
  }

  #open(): Promise<ContainerReader> {
    this.#opening ??= this.#start();
    return this.#opening;
  }

  async #start(): Promise<ContainerReader> {
    if (this.#closed) throw new InvalidValueError("capture", "closed", "an open capture");
    this.#source = await openSource(this.#input, this.#options);
    try {
      const head = (await this.#source.fill(new Uint8Array(0), PCAP_HEADER)) ?? { buffer: new Uint8Array(0), limit: 0 };
      let filled = head;
      while (filled.limit < PCAP_HEADER) {
        const more = await this.#source.fill(filled.buffer.subarray(0, filled.limit), PCAP_HEADER);
        if (more === undefined) break;
        filled = more;
      }
      this.#reader = createReader(filled.buffer, filled.limit, this.#options);
      return this.#reader;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Gives the reader more bytes; false at the end of the file or of what can be read of it. */
  async #more(): Promise<boolean> {
    const reader = this.#reader!;
    if (reader.problem === undefined && !this.#closed) {
      const rest = reader.buffer.subarray(reader.position, reader.limit);
      const filled = await this.#fill(rest, reader);
      if (filled !== undefined) {
        reader.base += reader.position;
        reader.buffer = filled.buffer;
        reader.position = 0;
        reader.limit = filled.limit;
        return true;
      }
      if (rest.length > 0 && !this.#closed && reader.problem === undefined) {
        const offset = reader.base + reader.position;
        reader.problem = {
          code: "truncated",
          offset,
          message: `The file ends within a packet or block that starts at byte ${offset}`,
        };
      }
    }
    this.#problem = reader.problem;
    if (this.#options.strict && this.#problem !== undefined) {
      const { code, message, offset } = this.#problem;
      throw new CaptureFormatError(
        message,
        offset,
        code === "truncated" ? "ERR_CAPTURE_TRUNCATED" : "ERR_CAPTURE_FORMAT",
      );
    }
    return false;
  }

  async #fill(rest: Uint8Array, reader: ContainerReader): ReturnType<ByteSource["fill"]> {
    try {
      return await this.#source!.fill(rest, reader.needed);
    } catch (error) {
      const { code } = error as { code?: unknown };
      if (typeof code !== "string" || !code.startsWith("Z_")) throw error;
      reader.problem = {
        code: "damaged",
        offset: reader.base + reader.limit,
        message: `The compressed data is damaged: ${code}`,
      };
      return undefined;
    }
  }
}

/** An iterator whose `next` waits only when the reader needs another piece of the file. */
class PacketIterator implements AsyncIterator<Packet> {
  #reader: ContainerReader | undefined;
  readonly #opening: ContainerReader | Promise<ContainerReader>;
  readonly #more: () => Promise<boolean>;
  readonly #close: () => Promise<void>;
  #last: Promise<unknown> | undefined;

  constructor(
    reader: ContainerReader | Promise<ContainerReader>,
    more: () => Promise<boolean>,
    close: () => Promise<void>,
  ) {
    this.#opening = reader;
    this.#more = more;
    this.#close = close;
    // A rejection is reported by `next`, the first to await it.
    if (reader instanceof Promise) reader.catch(() => {});
    else this.#reader = reader;
  }

  next(): Promise<IteratorResult<Packet>> {
    if (this.#last === undefined && this.#reader !== undefined) {
      const value = this.#reader.nextPacket();
      if (value !== undefined) return Promise.resolve({ done: false, value });
    }
    // Calls that come while one waits are answered in their order.
    const answer = this.#last === undefined ? this.#slow() : this.#last.then(() => this.#slow());
    this.#last = answer;
    const settled = () => {
      if (this.#last === answer) this.#last = undefined;
    };
    answer.then(settled, settled);
    return answer;
  }

  async return(): Promise<IteratorResult<Packet>> {
    await this.#close();
    return { done: true, value: undefined };
  }

  async #slow(): Promise<IteratorResult<Packet>> {
    try {
      const reader = this.#reader ?? (await this.#opening);
      this.#reader = reader;
      for (;;) {
        const value = reader.nextPacket();
        if (value !== undefined) return { done: false, value };
        if (!(await this.#more())) break;
      }
    } catch (error) {
      await this.#close();
      throw error;
    }
    await this.#close();
    return { done: true, value: undefined };
  }
}

/**
 * Opens a pcap or pcapng capture, gzip-compressed or not: a path, bytes, an iterable of bytes, a web stream or a
 * Blob. Nothing is read until the capture is iterated. Memory is constant however long the file is.
 *
 * Throws an `InvalidValueError` for an option that cannot be; iterating rejects with a `CaptureFormatError` when the
 * input is not a capture. A file that is cut short gives every whole packet, then sets `problem`.
 */
export function openCapture(input: CaptureInput, options: CaptureOptions = {}): Capture {
  return new Capture(input, options);
}

/** A capture in memory, iterated without promises. */
export interface MemoryCapture extends Iterable<Packet> {
  readonly format: "pcap" | "pcapng";
  readonly interfaces: readonly CaptureInterface[];
  /** What is wrong with the bytes, once reading has come there. */
  readonly problem: CaptureProblem | undefined;
}

/**
 * Reads a capture that is in memory, without promises; it can be iterated once. Packets share its memory. Throws a
 * `CaptureFormatError` when the bytes are no capture; gzip is only for `openCapture`.
 */
export function readCapture(bytes: Uint8Array, options: Omit<CaptureOptions, keyof SourceOptions> = {}): MemoryCapture {
  checkOptions(options);
  const buffer = plainBytes(bytes);
  if (isGzip(buffer, buffer.length))
    throw new CaptureFormatError("The capture is compressed: read it with openCapture", 0);
  const reader = createReader(buffer, buffer.length, options);
  return new MemoryReader(reader, options.strict ?? false);
}

class MemoryReader implements MemoryCapture {
  readonly #reader: ContainerReader;
  readonly #strict: boolean;

  constructor(reader: ContainerReader, strict: boolean) {
    this.#reader = reader;
    this.#strict = strict;
  }

  get format(): "pcap" | "pcapng" {
    return this.#reader.format;
  }
  get interfaces(): readonly CaptureInterface[] {
    return this.#reader.interfaces;
  }
  get problem(): CaptureProblem | undefined {
    return this.#reader.problem;
  }

  [Symbol.iterator](): Iterator<Packet> {
    const reader = this.#reader;
    return {
      next: (): IteratorResult<Packet> => {
        const value = reader.nextPacket();
        if (value !== undefined) return { done: false, value };
        this.#finish();
        return { done: true, value: undefined };
      },
    };
  }

  #finish(): void {
    const reader = this.#reader;
    if (reader.problem === undefined && reader.position < reader.limit) {
      const message = `The bytes end within a packet or block that starts at byte ${reader.position}`;
      reader.problem = { code: "truncated", offset: reader.position, message };
    }
    if (!this.#strict || reader.problem === undefined) return;
    const { code, message, offset } = reader.problem;
    throw new CaptureFormatError(
      message,
      offset,
      code === "truncated" ? "ERR_CAPTURE_TRUNCATED" : "ERR_CAPTURE_FORMAT",
    );
  }
}
