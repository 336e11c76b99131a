import { CaptureFormatError } from "../errors.ts";
import { Packet } from "../packet.ts";
import { type PacketFilter, resolveFilter } from "../packet-filter.ts";
import { BlockType, type CaptureBlock, type NameRecord, type PacketBlock } from "./block.ts";
import { u16, u32, u64 } from "./bytes.ts";
import { type Clock, createClock, resolutionTicks } from "./clock.ts";
import type { CaptureInterface } from "./interface.ts";
import { type CaptureOption, type OptionScope, optionText, readOptions } from "./option.ts";
import {
  type CaptureProblem,
  type ContainerReader,
  DEFAULT_MAX_BLOCK_LENGTH,
  DEFAULT_MAX_INTERFACES,
  DEFAULT_MAX_PACKET_LENGTH,
  MAXIMUM_SNAPLEN,
  type ReaderOptions,
} from "./reader.ts";

const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
/** Type, length, and the length again. */
const MIN_BLOCK = 12;
/** In place of the offset of a timestamp, for simple packet blocks, which have neither time nor options. */
const NO_TIME = -1;

interface Source {
  readonly interface: CaptureInterface;
  readonly clock: Clock;
  readonly filter: PacketFilter | undefined;
}

/** Whether `b` starts like a pcapng file. */
export function isPcapng(b: Uint8Array, at: number): boolean {
  return u32(b, at, true) === BlockType.SECTION;
}

/** Reads the blocks of a pcapng file (draft-ietf-opsawg-pcapng). Byte order and interfaces are a section's own. */
export class PcapngReader implements ContainerReader {
  readonly format = "pcapng";
  buffer: Uint8Array;
  position: number;
  limit: number;
  base = 0;
  problem: CaptureProblem | undefined = undefined;
  needed = 0;
  shared = false;
  readonly #interfaces: CaptureInterface[] = [];
  readonly #maxBlock: number;
  readonly #maxPacket: number;
  readonly #maxInterfaces: number;
  readonly #options: ReaderOptions;
  readonly #ahead: readonly CaptureInterface[];
  #sources: Source[] = [];
  #big = false;
  #inSection = false;

  constructor(buffer: Uint8Array, position: number, limit: number, options: ReaderOptions) {
    this.buffer = buffer;
    this.position = position;
    this.limit = limit;
    this.#options = options;
    this.#maxBlock = options.maxBlockLength ?? DEFAULT_MAX_BLOCK_LENGTH;
    this.#maxPacket = options.maxPacketLength ?? DEFAULT_MAX_PACKET_LENGTH;
    this.#maxInterfaces = options.maxInterfaces ?? DEFAULT_MAX_INTERFACES;
    this.#ahead = this.#lookAhead();
  }

  get byteOrder(): "little" | "big" {
    return this.#big ? "big" : "little";
  }

  /** Interfaces of all sections so far, in the order of the file; before reading, those that the file starts with. */
  get interfaces(): readonly CaptureInterface[] {
    return this.#interfaces.length > 0 ? this.#interfaces : this.#ahead;
  }

  /** Looks at the interfaces in front of the first packet, as far as they are in the buffer, and steps back. */
  #lookAhead(): readonly CaptureInterface[] {
    const start = this.position;
    for (;;) {
      const at = this.position;
      const end = this.#blockEnd(at);
      if (end < 0) break;
      const type = u32(this.buffer, at, this.#big);
      if (type === BlockType.SECTION) this.#section(at, end);
      else if (type === BlockType.INTERFACE) this.#describeInterface(at, end);
      else break;
      this.position = end;
    }
    const found = this.#interfaces.splice(0);
    this.position = start;
    this.problem = undefined;
    this.#sources = [];
    return found;
  }

  nextPacket(): Packet | undefined {
    for (;;) {
      const at = this.position;
      const end = this.#blockEnd(at);
      if (end < 0) return undefined;
      const type = u32(this.buffer, at, this.#big);
      let packet: Packet | undefined;
      if (type === BlockType.ENHANCED_PACKET) packet = this.#enhanced(at, end, true);
      else if (type === BlockType.SIMPLE_PACKET) packet = this.#simple(at, end, true);
      else if (type === BlockType.PACKET) packet = this.#obsolete(at, end, true);
      else if (type === BlockType.SECTION) this.#section(at, end);
      else if (type === BlockType.INTERFACE) this.#describeInterface(at, end);
      if (this.problem !== undefined) return undefined;
      this.position = end;
      if (packet !== undefined) return packet;
    }
  }

  nextBlock(): CaptureBlock | undefined {
    const at = this.position;
    const end = this.#blockEnd(at);
    if (end < 0) return undefined;
    const block = this.#block(at, end);
    if (this.problem !== undefined) return undefined;
    this.position = end;
    return block;
  }

  #damage(at: number, message: string): undefined {
    this.problem ??= { code: "damaged", offset: this.base + at, message };
    return undefined;
  }

  /** Where the block at `at` ends, or -1 when it is not all there or not a block. */
  #blockEnd(at: number): number {
    const left = this.limit - at;
    const b = this.buffer;
    this.needed = MIN_BLOCK;
    if (this.problem !== undefined || left < MIN_BLOCK) return -1;
    if (isPcapng(b, at)) {
      // The type reads the same both ways; the byte order of what follows is the new section's own.
      const big = u32(b, at + 8, true) === BYTE_ORDER_MAGIC;
      if (!big && u32(b, at + 8, false) !== BYTE_ORDER_MAGIC) {
        this.#damage(at, "A section header without its byte-order magic");
        return -1;
      }
      this.#big = big;
      this.#inSection = true;
    } else if (!this.#inSection) {
      throw new CaptureFormatError("Not a pcapng file: it does not start with a section header", this.base + at);
    }
    const length = u32(b, at + 4, this.#big);
    if (length < MIN_BLOCK || length % 4 !== 0) {
      this.#damage(at, `A block of ${length} bytes; it must be a multiple of 4 and at least ${MIN_BLOCK}`);
      return -1;
    }
    if (length > this.#maxBlock) {
      this.#damage(at, `A block of ${length} bytes, more than maxBlockLength (${this.#maxBlock})`);
      return -1;
    }
    if (left < length) {
      this.needed = length;
      return -1;
    }
    if (u32(b, at + length - 4, this.#big) !== length) {
      this.#damage(at, `A block whose two lengths differ: ${length} and ${u32(b, at + length - 4, this.#big)}`);
      return -1;
    }
    return at + length;
  }

  #block(at: number, end: number): CaptureBlock | undefined {
    const b = this.buffer;
    const type = u32(b, at, this.#big);
    const body = at + 8;
    const stop = end - 4;
    switch (type) {
      case BlockType.SECTION:
        return this.#section(at, end);
      case BlockType.INTERFACE:
        return this.#describeInterface(at, end);
      case BlockType.ENHANCED_PACKET:
        return packetBlock("enhanced", this.#enhanced(at, end, false));
      case BlockType.SIMPLE_PACKET:
        return packetBlock("simple", this.#simple(at, end, false));
      case BlockType.PACKET: {
        const packet = packetBlock("obsolete", this.#obsolete(at, end, false));
        return packet && { ...packet, drops: u16(b, at + 10, this.#big) };
      }
      case BlockType.NAMES:
        return this.#names(at, end);
      case BlockType.STATISTICS: {
        if (stop - body < 12) return this.#damage(at, "A statistics block that is too short");
        const time = (BigInt(u32(b, body + 4, this.#big)) << 32n) | BigInt(u32(b, body + 8, this.#big));
        const options = this.#readOptions(body + 12, stop, "statistics");
        return options && { type: "statistics", interfaceId: u32(b, body, this.#big), time, options };
      }
      case BlockType.SECRETS: {
        const length = stop - body < 8 ? 0 : u32(b, body + 4, this.#big);
        if (stop - body < 8 || length > stop - body - 8) return this.#damage(at, "A secrets block that is too short");
        const data = b.slice(body + 8, body + 8 + length);
        const options = this.#readOptions(body + 8 + padded(length), stop, "other");
        return options && { type: "secrets", secretsType: u32(b, body, this.#big), data, options };
      }
      case BlockType.CUSTOM:
      case BlockType.CUSTOM_NO_COPY: {
        if (stop - body < 4) return this.#damage(at, "A custom block that is too short");
        const enterprise = u32(b, body, this.#big);
        return { type: "custom", enterprise, copy: type === BlockType.CUSTOM, data: b.slice(body + 4, stop) };
      }
      default:
        return { type: "other", code: type, data: b.slice(body, stop) };
    }
  }

  #readOptions(at: number, end: number, scope: OptionScope): CaptureOption[] | undefined {
    const options = readOptions(this.buffer, at, end, this.#big, scope);
    if (options === undefined) return this.#damage(at, "An option that is longer than its block");
    return options;
  }

  #section(at: number, end: number): CaptureBlock | undefined {
    if (end - at < 28) return this.#damage(at, "A section header that is too short");
    const b = this.buffer;
    const major = u16(b, at + 12, this.#big);
    const minor = u16(b, at + 14, this.#big);
    if (major !== 1) return this.#damage(at, `pcapng version ${major}.${minor}; only 1.x is known`);
    this.#sources = [];
    const length = BigInt.asIntN(64, u64(b, at + 16, this.#big));
    const options = this.#readOptions(at + 24, end - 4, "section");
    return options && { type: "section", byteOrder: this.byteOrder, version: [major, minor], length, options };
  }

  #describeInterface(at: number, end: number): CaptureBlock | undefined {
    if (end - at < 20) return this.#damage(at, "An interface block that is too short");
    if (this.#sources.length >= this.#maxInterfaces) {
      return this.#damage(at, `More than maxInterfaces (${this.#maxInterfaces}) interfaces in a section`);
    }
    const b = this.buffer;
    const options = this.#readOptions(at + 16, end - 4, "interface");
    if (options === undefined) return undefined;
    const numeric = (name: string) => options.find((option) => option.name === name)?.value;
    const tsresol = numeric("if_tsresol");
    const tsoffset = numeric("if_tsoffset");
    const fcs = numeric("if_fcslen");
    const name = optionText(options, "if_name");
    const description = optionText(options, "if_description");
    const linkType = u16(b, at + 8, this.#big);
    const described: CaptureInterface = {
      id: this.#sources.length,
      linkType,
      snaplen: u32(b, at + 12, this.#big),
      ...(typeof fcs === "number" && fcs !== 255 ? { fcsLength: fcs } : {}),
      ...(name === undefined ? {} : { name }),
      ...(description === undefined ? {} : { description }),
      ticksPerSecond: resolutionTicks(typeof tsresol === "number" ? tsresol : 6),
      timestampOffset: typeof tsoffset === "bigint" ? tsoffset : 0n,
      options,
    };
    const clock = createClock(described.ticksPerSecond, described.timestampOffset);
    this.#sources.push({ interface: described, clock, filter: resolveFilter(this.#options.filter, linkType) });
    if (this.#interfaces.length < this.#maxInterfaces) this.#interfaces.push(described);
    return { type: "interface", interface: described, options };
  }

  #source(id: number, at: number): Source | undefined {
    const source = this.#sources[id];
    return source ?? this.#damage(at, `A packet of interface ${id}; the section has ${this.#sources.length} so far`);
  }

  #enhanced(at: number, end: number, filtered: boolean): Packet | undefined {
    if (end - at < 32) return this.#damage(at, "A packet block that is too short");
    const b = this.buffer;
    const big = this.#big;
    const source = this.#source(u32(b, at + 8, big), at);
    if (source === undefined) return undefined;
    const captured = u32(b, at + 20, big);
    return this.#packet(source, at, at + 28, captured, u32(b, at + 24, big), at + 12, end, filtered);
  }

  #obsolete(at: number, end: number, filtered: boolean): Packet | undefined {
    if (end - at < 32) return this.#damage(at, "A packet block that is too short");
    const b = this.buffer;
    const big = this.#big;
    const source = this.#source(u16(b, at + 8, big), at);
    if (source === undefined) return undefined;
    const captured = u32(b, at + 20, big);
    return this.#packet(source, at, at + 28, captured, u32(b, at + 24, big), at + 12, end, filtered);
  }

  #simple(at: number, end: number, filtered: boolean): Packet | undefined {
    if (end - at < 16) return this.#damage(at, "A packet block that is too short");
    const source = this.#source(0, at);
    if (source === undefined) return undefined;
    const original = u32(this.buffer, at + 8, this.#big);
    const { snaplen } = source.interface;
    const captured = Math.min(original, end - 4 - (at + 12), snaplen === 0 ? original : snaplen);
    return this.#packet(source, at, at + 12, captured, original, NO_TIME, end, filtered);
  }

  #packet(
    source: Source,
    at: number,
    data: number,
    captured: number,
    original: number,
    timeAt: number,
    end: number,
    filtered: boolean,
  ): Packet | undefined {
    const b = this.buffer;
    if (captured > end - 4 - data) return this.#damage(at, `A packet of ${captured} bytes in a block of ${end - at}`);
    if (captured > this.#maxPacket) {
      return this.#damage(at, `A packet of ${captured} bytes, more than maxPacketLength (${this.#maxPacket})`);
    }
    if (filtered && source.filter !== undefined) {
      const { snaplen } = source.interface;
      const limit = snaplen === 0 || snaplen > MAXIMUM_SNAPLEN ? MAXIMUM_SNAPLEN : snaplen;
      if (!source.filter.match(b, data, Math.min(captured, limit), original)) return undefined;
    }
    const { clock } = source;
    if (timeAt !== NO_TIME) clock.read(u32(b, timeAt, this.#big), u32(b, timeAt + 4, this.#big));
    const optionsAt = data + padded(captured);
    let options: CaptureOption[] | undefined;
    if (timeAt !== NO_TIME && optionsAt < end - 4) {
      options = this.#readOptions(optionsAt, end - 4, "packet");
      if (options === undefined) return undefined;
    }
    this.shared = true;
    return new Packet(
      b,
      data,
      captured,
      original,
      source.interface.linkType,
      timeAt === NO_TIME ? 0 : clock.seconds,
      timeAt === NO_TIME ? 0 : clock.nanoseconds,
      source.interface,
      options,
    );
  }

  #names(at: number, end: number): CaptureBlock | undefined {
    const b = this.buffer;
    const stop = end - 4;
    const records: NameRecord[] = [];
    let cursor = at + 8;
    while (stop - cursor >= 4) {
      const type = u16(b, cursor, this.#big);
      const length = u16(b, cursor + 2, this.#big);
      cursor += 4;
      if (type === 0) break;
      if (length > stop - cursor) return this.#damage(at, "A name record that is longer than its block");
      const addressLength = { 1: 4, 2: 16, 3: 6, 4: 8 }[type] ?? length;
      if (addressLength > length) return this.#damage(at, "A name record that is shorter than its address");
      const text = new TextDecoder().decode(b.subarray(cursor + addressLength, cursor + length));
      const names = text.split("\0").filter(Boolean);
      records.push({ type, address: b.slice(cursor, cursor + addressLength), names });
      cursor += padded(length);
    }
    const options = this.#readOptions(cursor, stop, "names");
    return options && { type: "names", records, options };
  }
}

function packetBlock(form: PacketBlock["form"], packet: Packet | undefined): PacketBlock | undefined {
  return packet && { type: "packet", form, packet, options: packet.options ?? [] };
}

function padded(length: number): number {
  return Math.ceil(length / 4) * 4;
}
