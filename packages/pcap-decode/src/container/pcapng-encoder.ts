import { InvalidValueError } from "../errors.ts";
import type { Packet } from "../packet.ts";
import { BlockType, type CaptureBlock, type NameRecord, type PacketBlock } from "./block.ts";
import { putU16, putU32, putU64 } from "./bytes.ts";
import type { CaptureInterface } from "./interface.ts";
import { writeOptions } from "./option.ts";

const BYTE_ORDER_MAGIC = 0x1a2b3c4d;

/** Encodes blocks in order: keeps the section's byte order and interfaces, which the meaning of later blocks needs. */
export class PcapngEncoder {
  #big = false;
  readonly #interfaces: CaptureInterface[] = [];

  /** Interfaces of the section so far. */
  get interfaces(): readonly CaptureInterface[] {
    return this.#interfaces;
  }

  /** The bytes of a block. Throws an `InvalidValueError` for a packet of an interface that was not described. */
  encode(block: CaptureBlock): Uint8Array {
    switch (block.type) {
      case "section": {
        this.#big = block.byteOrder === "big";
        this.#interfaces.length = 0;
        const body = new Uint8Array(16);
        putU32(body, 0, BYTE_ORDER_MAGIC, this.#big);
        putU16(body, 4, block.version[0], this.#big);
        putU16(body, 6, block.version[1], this.#big);
        putU64(body, 8, BigInt.asUintN(64, block.length), this.#big);
        return this.#block(BlockType.SECTION, body, writeOptions(block.options, this.#big, "section"));
      }
      case "interface": {
        this.#interfaces.push(block.interface);
        const body = new Uint8Array(8);
        putU16(body, 0, block.interface.linkType, this.#big);
        putU32(body, 4, block.interface.snaplen, this.#big);
        return this.#block(BlockType.INTERFACE, body, writeOptions(block.options, this.#big, "interface"));
      }
      case "packet":
        return this.#packet(block);
      case "names": {
        const body = concat([...block.records.map((record) => this.#nameRecord(record)), new Uint8Array(4)]);
        return this.#block(BlockType.NAMES, body, writeOptions(block.options, this.#big, "names"));
      }
      case "statistics": {
        const body = new Uint8Array(12);
        putU32(body, 0, block.interfaceId, this.#big);
        putU32(body, 4, Number((block.time >> 32n) & 0xffffffffn), this.#big);
        putU32(body, 8, Number(block.time & 0xffffffffn), this.#big);
        return this.#block(BlockType.STATISTICS, body, writeOptions(block.options, this.#big, "statistics"));
      }
      case "secrets": {
        const head = new Uint8Array(8);
        putU32(head, 0, block.secretsType, this.#big);
        putU32(head, 4, block.data.length, this.#big);
        return this.#block(
          BlockType.SECRETS,
          concat([head, pad(block.data)]),
          writeOptions(block.options, this.#big, "other"),
        );
      }
      case "custom": {
        const head = new Uint8Array(4);
        putU32(head, 0, block.enterprise, this.#big);
        return this.#block(block.copy ? BlockType.CUSTOM : BlockType.CUSTOM_NO_COPY, concat([head, block.data]));
      }
      case "other":
        return this.#block(block.code, block.data);
    }
  }

  #packet({ form, packet, options, drops }: PacketBlock): Uint8Array {
    const data = pad(packet.bytes);
    if (form === "simple") {
      const head = new Uint8Array(4);
      putU32(head, 0, packet.originalLength, this.#big);
      return this.#block(BlockType.SIMPLE_PACKET, concat([head, data]));
    }
    const id = packet.interface?.id ?? 0;
    const source = this.#interfaces[id];
    if (source === undefined)
      throw new InvalidValueError(
        "packet.interface.id",
        id,
        `an interface that was written before, below ${this.#interfaces.length}`,
      );
    const head = new Uint8Array(20);
    if (form === "obsolete") {
      putU16(head, 0, id, this.#big);
      putU16(head, 2, drops ?? 0xffff, this.#big);
    } else putU32(head, 0, id, this.#big);
    const ticks = packetTicks(packet, source);
    putU32(head, 4, Number((ticks >> 32n) & 0xffffffffn), this.#big);
    putU32(head, 8, Number(ticks & 0xffffffffn), this.#big);
    putU32(head, 12, packet.capturedLength, this.#big);
    putU32(head, 16, packet.originalLength, this.#big);
    const type = form === "obsolete" ? BlockType.PACKET : BlockType.ENHANCED_PACKET;
    return this.#block(type, concat([head, data]), writeOptions(options, this.#big, "packet"));
  }

  #nameRecord({ type, address, names }: NameRecord): Uint8Array {
    const text = new TextEncoder().encode(names.map((name) => `${name}\0`).join(""));
    const head = new Uint8Array(4);
    putU16(head, 0, type, this.#big);
    putU16(head, 2, address.length + text.length, this.#big);
    return concat([head, pad(concat([address, text]))]);
  }

  #block(type: number, body: Uint8Array, options: Uint8Array = new Uint8Array(0)): Uint8Array {
    const length = 12 + Math.ceil(body.length / 4) * 4 + options.length;
    const out = new Uint8Array(length);
    putU32(out, 0, type, this.#big);
    putU32(out, 4, length, this.#big);
    out.set(body, 8);
    out.set(options, length - 4 - options.length);
    putU32(out, length - 4, length, this.#big);
    return out;
  }
}

/** A packet's time in ticks of an interface's clock. */
function packetTicks(packet: Packet, { ticksPerSecond, timestampOffset }: CaptureInterface): bigint {
  const seconds = BigInt(packet.seconds) - timestampOffset;
  // Rounded up so that reading, which rounds down, gives the same nanosecond again.
  const fraction = (BigInt(packet.nanoseconds) * ticksPerSecond + 999_999_999n) / 1_000_000_000n;
  return BigInt.asUintN(
    64,
    seconds * ticksPerSecond +
      (ticksPerSecond >= 1_000_000_000n ? fraction : (BigInt(packet.nanoseconds) * ticksPerSecond) / 1_000_000_000n),
  );
}

function pad(bytes: Uint8Array): Uint8Array {
  if (bytes.length % 4 === 0) return bytes;
  const out = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  out.set(bytes);
  return out;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
