import { Stack } from "../build/stack.ts";
import { checkInteger, InvalidValueError } from "../errors.ts";
import { Packet } from "../packet.ts";
import type { CaptureBlock } from "./block.ts";
import { type CaptureInterface, LinkType } from "./interface.ts";
import { nodeModule } from "./node.ts";
import { type PcapEncoding, pcapHeader, pcapRecordLength, putPcapRecord } from "./pcap-encoder.ts";
import { PcapngEncoder } from "./pcapng-encoder.ts";
import { MAXIMUM_SNAPLEN } from "./reader.ts";

/** Where a capture is written: a path, a web stream, or any object that takes bytes. */
export type CaptureTarget = string | URL | WritableStream<Uint8Array> | CaptureSink;

/** Takes bytes in order; a promise holds the writer back. The bytes are not used again by the writer. */
export interface CaptureSink {
  write(bytes: Uint8Array): unknown;
  close?(): unknown;
}

/** How a capture is written. */
export interface CaptureWriterOptions {
  /** Default `"pcap"`. */
  readonly format?: "pcap" | "pcapng";
  /** LINKTYPE_ of the packets, and of bare bytes. Default: that of the first packet, 1 (Ethernet) for bytes. */
  readonly linkType?: number;
  /** Upper 16 bits of a pcap's link type word. Default: those of the first packet's file. */
  readonly linkTypeExtension?: number;
  /** Packets are cut to this many bytes. Default 262144. */
  readonly snaplen?: number;
  /** Nanoseconds instead of microseconds in a pcap; a pcapng keeps the clock of each interface. Default false. */
  readonly nanoseconds?: boolean;
  /** Default `"little"`. */
  readonly byteOrder?: "little" | "big";
}

/** Anything that can be written as a packet; bytes and what `stack` gives are stamped with the current time. */
export type WritablePacket = Packet | Stack | Uint8Array;

const FLUSH_AT = 256 * 1024;
const LARGEST_LINK_TYPE = 0xffff;

/** Writes pcap and pcapng captures. `write` is cheap: it waits only once a quarter of a mebibyte. */
export class CaptureWriter {
  readonly #sink: CaptureSink;
  readonly #options: CaptureWriterOptions;
  readonly #snaplen: number;
  readonly #ng: PcapngEncoder | undefined;
  // Packets without an interface get one for each link type.
  readonly #ids = new Map<CaptureInterface | number, CaptureInterface>();
  #encoding: PcapEncoding | undefined;
  #buffer = new Uint8Array(FLUSH_AT + 65536);
  #length = 0;
  #started = false;
  #closed = false;
  #pending: Promise<void> | undefined;
  #failure: unknown;
  /** Packets written. */
  packets = 0;
  /** Bytes written, with those that the target does not have yet. */
  bytes = 0;

  private constructor(sink: CaptureSink, options: CaptureWriterOptions) {
    if (options.format !== undefined && options.format !== "pcap" && options.format !== "pcapng") {
      throw new InvalidValueError("format", options.format, '"pcap" or "pcapng"');
    }
    if (options.byteOrder !== undefined && options.byteOrder !== "little" && options.byteOrder !== "big") {
      throw new InvalidValueError("byteOrder", options.byteOrder, '"little" or "big"');
    }
    if (options.linkType !== undefined) checkInteger("linkType", options.linkType, 0, LARGEST_LINK_TYPE);
    if (options.linkTypeExtension !== undefined) {
      checkInteger("linkTypeExtension", options.linkTypeExtension, 0, 0xffff);
    }
    this.#snaplen = checkInteger("snaplen", options.snaplen ?? MAXIMUM_SNAPLEN, 1, 0x7fffffff);
    this.#sink = sink;
    this.#options = options;
    this.#ng = options.format === "pcapng" ? new PcapngEncoder() : undefined;
  }

  /** A writer to `target`; a file is created or emptied. Throws an `InvalidValueError` for an option that cannot be. */
  static async open(target: CaptureTarget, options: CaptureWriterOptions = {}): Promise<CaptureWriter> {
    const writer = new CaptureWriter(lazySink(target), options);
    if (typeof target === "string" || target instanceof URL) await writer.#sink.write(new Uint8Array(0));
    return writer;
  }

  /**
   * Writes a packet. The result is a promise only when the target has to catch up; awaiting it every time is right
   * and cheap. Throws an `InvalidValueError` when a pcap file would need a second link type.
   */
  write(packet: WritablePacket): Promise<void> | undefined {
    const each = this.#packet(packet);
    this.#check();
    if (this.#ng === undefined) this.#writePcap(each);
    else this.#writePcapng(this.#ng, each);
    this.packets++;
    return this.#length >= FLUSH_AT ? this.flush() : this.#pending;
  }

  #packet(packet: WritablePacket): Packet {
    if (packet instanceof Packet) return packet;
    if (packet instanceof Stack) return packet.packet();
    if (packet instanceof Uint8Array) return Packet.from(packet, { linkType: this.#options.linkType ?? 1 });
    throw new InvalidValueError("packet", packet, "a Packet, what stack(…) gives, or a Uint8Array");
  }

  /** Writes a block of a pcapng file as it is; the first must be a section. Throws for a pcap file. */
  writeBlock(block: CaptureBlock): Promise<void> | undefined {
    this.#check();
    if (this.#ng === undefined) throw new InvalidValueError("writeBlock", block.type, 'a writer with format: "pcapng"');
    if (!this.#started && block.type !== "section")
      throw new InvalidValueError("writeBlock", block.type, "a section block first");
    this.#started = true;
    if (block.type === "section") this.#ids.clear();
    this.#append(this.#ng.encode(block));
    if (block.type === "interface") this.#ids.set(block.interface, block.interface);
    if (block.type === "packet") this.packets++;
    return this.#length >= FLUSH_AT ? this.flush() : this.#pending;
  }

  /** Hands everything written so far to the target. Rejects with the target's error. */
  flush(): Promise<void> {
    if (this.#length === 0) return this.#pending ?? Promise.resolve();
    const bytes = this.#buffer.subarray(0, this.#length);
    this.#buffer = new Uint8Array(FLUSH_AT + 65536);
    this.#length = 0;
    const before = this.#pending ?? Promise.resolve();
    const pending = before.then(async () => {
      await this.#sink.write(bytes);
    });
    // `flush` may go unawaited; the error comes again at the next call.
    pending.then(
      () => {
        if (this.#pending === pending) this.#pending = undefined;
      },
      (error: unknown) => {
        this.#failure ??= error;
      },
    );
    this.#pending = pending;
    return pending;
  }

  /** Writes what is left, and the file header if no packet came, and closes the target. */
  async close(): Promise<void> {
    if (this.#closed) return;
    if (!this.#started && this.#ng === undefined) this.#startPcap(LinkType.ETHERNET);
    if (!this.#started && this.#ng !== undefined) this.#startPcapng(this.#ng);
    this.#closed = true;
    try {
      await this.flush();
    } finally {
      await this.#sink.close?.();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closed) throw new InvalidValueError("CaptureWriter", "closed", "an open writer");
  }

  #writePcap(packet: Packet): void {
    const encoding = this.#encoding ?? this.#startPcap(packet.linkType, packet.interface);
    if (packet.linkType !== encoding.linkType) {
      throw new InvalidValueError(
        "packet.linkType",
        packet.linkType,
        `${encoding.linkType}, as the file has; use format: "pcapng" for several`,
      );
    }
    const size = pcapRecordLength(packet, encoding);
    this.#reserve(size);
    putPcapRecord(this.#buffer, this.#length, packet, encoding);
    this.#length += size;
    this.bytes += size;
  }

  #startPcap(first: number, source?: CaptureInterface): PcapEncoding {
    this.#started = true;
    const { linkType = first, linkTypeExtension, nanoseconds = false, byteOrder } = this.#options;
    this.#encoding = {
      linkType,
      linkTypeExtension: linkTypeExtension ?? source?.linkTypeExtension ?? 0,
      snaplen: this.#snaplen,
      nanoseconds,
      big: byteOrder === "big",
    };
    this.#append(pcapHeader(this.#encoding));
    return this.#encoding;
  }

  #startPcapng(ng: PcapngEncoder): void {
    this.#started = true;
    const { byteOrder = "little" } = this.#options;
    this.#append(ng.encode({ type: "section", byteOrder, version: [1, 0], length: -1n, options: [] }));
  }

  #writePcapng(ng: PcapngEncoder, packet: Packet): void {
    if (!this.#started) this.#startPcapng(ng);
    const described = this.#ids.get(packet.interface ?? packet.linkType) ?? this.#describe(ng, packet);
    const { buffer, offset, originalLength, linkType, seconds, nanoseconds } = packet;
    const captured = Math.min(packet.capturedLength, this.#snaplen);
    const options = packet.options ?? [];
    const copy = new Packet(
      buffer,
      offset,
      captured,
      originalLength,
      linkType,
      seconds,
      nanoseconds,
      described,
      options,
    );
    this.#append(ng.encode({ type: "packet", form: "enhanced", packet: copy, options }));
  }

  #describe(ng: PcapngEncoder, packet: Packet): CaptureInterface {
    const id = ng.interfaces.length;
    const nanosecond = { code: 9, name: "if_tsresol", value: 9 };
    // A pcap's interface has no options that would tell the clock of its timestamps.
    const described: CaptureInterface =
      packet.interface !== undefined && packet.interface.options.length > 0
        ? { ...packet.interface, id }
        : {
            id,
            linkType: packet.linkType,
            snaplen: this.#snaplen,
            ticksPerSecond: 1_000_000_000n,
            timestampOffset: 0n,
            options: [nanosecond],
          };
    this.#append(ng.encode({ type: "interface", interface: described, options: described.options }));
    this.#ids.set(packet.interface ?? packet.linkType, described);
    return described;
  }

  #append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
    this.bytes += bytes.length;
  }

  #reserve(size: number): void {
    if (this.#length + size <= this.#buffer.length) return;
    const grown = new Uint8Array(this.#length + size + FLUSH_AT);
    grown.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = grown;
  }
}

/** A sink that opens its target at the first write. */
function lazySink(target: CaptureTarget): CaptureSink {
  if (typeof target === "string" || target instanceof URL) return fileSink(target);
  if (typeof (target as WritableStream)?.getWriter === "function") {
    const writer = (target as WritableStream<Uint8Array>).getWriter();
    return { write: (bytes) => writer.write(bytes), close: () => writer.close() };
  }
  if (typeof (target as CaptureSink)?.write === "function") return target as CaptureSink;
  throw new InvalidValueError(
    "CaptureWriter.open(target)",
    target,
    "a path, a WritableStream or an object with write(bytes)",
  );
}

function fileSink(path: string | URL): CaptureSink {
  const fs = nodeModule<typeof import("node:fs/promises")>("node:fs/promises");
  if (fs === undefined)
    throw new InvalidValueError("CaptureWriter.open(target)", path, "a WritableStream: there are no files here");
  let opened: Promise<import("node:fs/promises").FileHandle> | undefined;
  const open = () => {
    opened ??= fs.open(path, "w");
    return opened;
  };
  return {
    async write(bytes) {
      const file = await open();
      for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten;
    },
    async close() {
      if (opened !== undefined) await (await opened).close();
    },
  };
}

/** A whole capture file of `packets` in memory. Throws as `CaptureWriter.write` does. */
export async function encodeCapture(
  packets: Iterable<WritablePacket>,
  options: CaptureWriterOptions = {},
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const writer = await CaptureWriter.open({ write: (bytes) => parts.push(bytes) }, options);
  for (const packet of packets) await writer.write(packet);
  await writer.close();
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
