import { CaptureFormatError } from "../errors.ts";
import { Packet } from "../packet.ts";
import { type PacketFilter, resolveFilter } from "../packet-filter.ts";
import type { CaptureBlock } from "./block.ts";
import { u16, u32 } from "./bytes.ts";
import type { CaptureInterface } from "./interface.ts";
import {
  type CaptureProblem,
  type ContainerReader,
  DEFAULT_MAX_PACKET_LENGTH,
  MAXIMUM_SNAPLEN,
  type ReaderOptions,
} from "./reader.ts";

export const PCAP_HEADER = 24;
export const PCAP_RECORD = 16;
/** Kuznetzov's patched format adds interface index, protocol and packet type to each record. */
const KUZNETZOV_RECORD = 24;

/** Magic numbers as a 32-bit word in the writer's byte order (libpcap, sf-pcap.c). */
export const PcapMagic = { MICROSECONDS: 0xa1b2c3d4, NANOSECONDS: 0xa1b23c4d, KUZNETZOV: 0xa1b2cd34 } as const;

/** What a pcap file's first four bytes say, or `undefined` when they are not pcap's. */
export function pcapMagic(b: Uint8Array, at: number): { magic: number; big: boolean } | undefined {
  for (const big of [false, true]) {
    const magic = u32(b, at, big);
    if (Object.values<number>(PcapMagic).includes(magic)) return { magic, big };
  }
  return undefined;
}

/** Reads the records of a pcap file (draft-ietf-opsawg-pcap; libpcap's sf-pcap.c for what old writers did). */
export class PcapReader implements ContainerReader {
  readonly format = "pcap";
  readonly byteOrder: "little" | "big";
  readonly interfaces: readonly CaptureInterface[];
  readonly magic: number;
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
    const found = pcapMagic(buffer, position);
    if (found === undefined) throw new CaptureFormatError("Not a pcap file", 0);
    const { magic, big } = found;
    this.magic = magic;
    this.byteOrder = big ? "big" : "little";
    this.#big = big;
    const major = u16(buffer, position + 4, big);
    const minor = u16(buffer, position + 6, big);
    this.version = [major, minor];
    if (major < 2) throw new CaptureFormatError(`pcap version ${major}.${minor} is older than 2.0`, 4);
    this.#recordHeader = magic === PcapMagic.KUZNETZOV ? KUZNETZOV_RECORD : PCAP_RECORD;
    this.#scale = magic === PcapMagic.NANOSECONDS ? 1 : 1000;
    // Version 2.3 files exist with the two lengths in either order; before it and in 543 (DG/UX) they are swapped.
    this.#swapped =
      major === 543 || (major === 2 && minor < 3) ? "always" : major === 2 && minor === 3 ? "maybe" : "never";
    const snaplen = u32(buffer, position + 16, big);
    const link = u32(buffer, position + 20, big);
    this.#linkType = link & 0xffff;
    const fcs = link & 0x04000000 ? { fcsLength: (link >>> 28) * 2 } : {};
    const extension = link > 0xffff ? { linkTypeExtension: link >>> 16 } : {};
    this.#snaplen = snaplen === 0 || snaplen > MAXIMUM_SNAPLEN ? MAXIMUM_SNAPLEN : snaplen;
    this.#maxPacket = options.maxPacketLength ?? DEFAULT_MAX_PACKET_LENGTH;
    const ticksPerSecond = magic === PcapMagic.NANOSECONDS ? 1_000_000_000n : 1_000_000n;
    this.#interface = {
      id: 0,
      linkType: this.#linkType,
      snaplen,
      ...fcs,
      ...extension,
      ticksPerSecond,
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
