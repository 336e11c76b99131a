import { Packet } from "../packet.ts";
import { type PacketFilter, resolveFilter } from "../packet-filter.ts";
import type { CaptureBlock } from "./block.ts";
import type { CaptureInterface } from "./interface.ts";
import { PCAP_HEADER, readPcapHeader } from "./pcap-header.ts";
import { type CaptureProblem, type ContainerReader, DEFAULT_MAX_PACKET_LENGTH, type ReaderOptions } from "./reader.ts";

/** Reads the records of a pcap file (draft-ietf-opsawg-pcap; libpcap's sf-pcap.c for what old writers did). */
export class PcapReader implements ContainerReader {
  readonly format = "pcap";
  readonly byteOrder: "little" | "big";
  readonly interfaces: readonly CaptureInterface[];
  readonly version: readonly [major: number, minor: number];
  buffer: Uint8Array;
  position: number;
  limit: number;
  base: number;
  problem: CaptureProblem | undefined = undefined;
  needed = 0;
  shared = false;
  readonly #big: boolean;
  readonly #recordHeader: number;
  readonly #scale: number;
  readonly #swapped: "never" | "maybe" | "always";
  readonly #maxPacket: number;
  readonly #snaplen: number;
  readonly #filter: PacketFilter | undefined;
  readonly #linkType: number;
  readonly #interface: CaptureInterface;
  #viewed: Uint8Array;
  #words: DataView;
  #captured = 0;
  #original = 0;
  #blocks = 0;

  /** Reads the header at `position`; 24 bytes must be there. */
  constructor(buffer: Uint8Array, position: number, limit: number, options: ReaderOptions) {
    const header = readPcapHeader(buffer, position);
    this.byteOrder = header.big ? "big" : "little";
    this.version = header.version;
    this.#big = header.big;
    this.#recordHeader = header.recordHeader;
    this.#scale = header.nanoseconds ? 1 : 1000;
    this.#swapped = header.swapped;
    this.#snaplen = header.effectiveSnaplen;
    this.#linkType = header.linkType;
    this.#maxPacket = options.maxPacketLength ?? DEFAULT_MAX_PACKET_LENGTH;
    this.#interface = {
      id: 0,
      linkType: header.linkType,
      snaplen: header.snaplen,
      ...(header.fcsLength === undefined ? {} : { fcsLength: header.fcsLength }),
      ...(header.linkTypeExtension === 0 ? {} : { linkTypeExtension: header.linkTypeExtension }),
      ticksPerSecond: header.nanoseconds ? 1_000_000_000n : 1_000_000n,
      timestampOffset: 0n,
      options: [],
    };
    this.interfaces = [this.#interface];
    this.#filter = resolveFilter(options.filter, this.#linkType);
    this.buffer = buffer;
    this.#viewed = buffer;
    this.#words = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    this.position = position + PCAP_HEADER;
    this.limit = limit;
    this.base = 0;
  }

  nextPacket(): Packet | undefined {
    for (;;) {
      const at = this.#nextRecord();
      if (at < 0) return undefined;
      const filter = this.#filter;
      const captured = this.#captured;
      // libpcap's filters see no more than the snapshot length of a record that exceeds it.
      const seen = Math.min(captured, this.#snaplen);
      if (filter === undefined || filter.match(this.buffer, at + this.#recordHeader, seen, this.#original)) {
        return this.#packet(at);
      }
    }
  }

  nextBlock(): CaptureBlock | undefined {
    if (this.#blocks === 0) {
      this.#blocks = 1;
      return { type: "section", byteOrder: this.byteOrder, version: this.version, length: -1n, options: [] };
    }
    if (this.#blocks === 1) {
      this.#blocks = 2;
      return { type: "interface", interface: this.#interface, options: [] };
    }
    const at = this.#nextRecord();
    if (at < 0) return undefined;
    return { type: "packet", form: "enhanced", packet: this.#packet(at), options: [] };
  }

  /** Steps over the record at `position` and returns where it starts, or -1; its lengths are left in fields. */
  #nextRecord(): number {
    const at = this.position;
    const header = this.#recordHeader;
    const left = this.limit - at;
    if (left < header) {
      this.needed = header;
      return -1;
    }
    const view = this.#view();
    const little = !this.#big;
    let captured = view.getUint32(at + 8, little);
    let original = view.getUint32(at + 12, little);
    const swapped = this.#swapped;
    if (swapped !== "never" && (swapped === "always" || captured > original))
      [captured, original] = [original, captured];
    if (captured > this.#maxPacket) {
      const message = `A packet of ${captured} bytes, more than maxPacketLength (${this.#maxPacket})`;
      this.problem ??= { code: "damaged", offset: this.base + at, message };
      return -1;
    }
    if (left - header < captured) {
      this.needed = header + captured;
      return -1;
    }
    this.#captured = captured;
    this.#original = original;
    this.position = at + header + captured;
    return at;
  }

  /** One read of a word through a view costs less than four of its bytes. */
  #view(): DataView {
    const { buffer } = this;
    if (this.#viewed !== buffer) {
      this.#viewed = buffer;
      this.#words = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    }
    return this.#words;
  }

  #packet(at: number): Packet {
    this.shared = true;
    const view = this.#view();
    const little = !this.#big;
    let seconds = view.getUint32(at, little);
    let nanoseconds = view.getUint32(at + 4, little) * this.#scale;
    if (nanoseconds >= 1e9) {
      seconds += Math.floor(nanoseconds / 1e9);
      nanoseconds %= 1e9;
    }
    return new Packet(
      this.buffer,
      at + this.#recordHeader,
      this.#captured,
      this.#original,
      this.#linkType,
      seconds,
      nanoseconds,
      this.#interface,
    );
  }
}
