import { checkInteger, InvalidValueError } from "../errors.ts";
import type { Packet } from "../packet.ts";
import type { CaptureBlock } from "./block.ts";
import { type CaptureOptions, checkOptions } from "./capture-options.ts";
import { createReader, problemError } from "./create-reader.ts";
import type { CaptureInterface } from "./interface.ts";
import { PacketIterator } from "./packet-iterator.ts";
import { PCAP_HEADER } from "./pcap-header.ts";
import type { CaptureProblem, ContainerReader } from "./reader.ts";
import { type ByteSource, type CaptureInput, openSource } from "./source.ts";

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
        // A filter that passed nothing of a piece left it unshared: reading into it again saves a page fault a page.
        if (!reader.shared && filled.buffer.buffer !== reader.buffer.buffer) this.#source!.recycle?.(reader.buffer);
        reader.shared = false;
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
      throw problemError(this.#problem);
    }
    return false;
  }

  async #fill(rest: Uint8Array, reader: ContainerReader): ReturnType<ByteSource["fill"]> {
    try {
      return await this.#source!.fill(rest, reader.needed);
    } catch (error) {
      // Closing ends a wait for more; that is no error.
      if (this.#closed) return undefined;
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
