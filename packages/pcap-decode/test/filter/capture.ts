import { readFileSync } from "node:fs";

/** One packet of a capture: the bytes a filter sees. */
interface CapturedPacket {
  readonly bytes: Uint8Array;
  readonly original: number;
  readonly seconds: number;
  readonly fraction: number;
}

export interface Capture {
  readonly linkType: number;
  readonly snaplen: number;
  readonly packets: readonly CapturedPacket[];
}

const PCAPNG = 0x0a0d0d0a;

/** Reads what the filter tests need: pcap of either byte order, and pcapng with one interface. */
export function readCapture(path: string): Capture {
  const file = readFileSync(path);
  return file.readUInt32BE(0) === PCAPNG ? readPcapng(file) : readPcap(file);
}

export function readPcap(file: Buffer): Capture {
  const magic = file.readUInt32LE(0);
  const little = magic === 0xa1b2c3d4 || magic === 0xa1b23c4d;
  const u32 = (at: number): number => (little ? file.readUInt32LE(at) : file.readUInt32BE(at));
  if (!little && magic !== 0xd4c3b2a1 && magic !== 0x4d3cb2a1)
    throw new Error(`not a pcap file: ${magic.toString(16)}`);
  const snaplen = u32(16) === 0 ? 262_144 : u32(16);
  const packets: CapturedPacket[] = [];
  let at = 24;
  while (at + 16 <= file.length) {
    const length = u32(at + 8);
    if (at + 16 + length > file.length) break;
    const captured = Math.min(length, snaplen);
    packets.push({
      bytes: file.subarray(at + 16, at + 16 + captured),
      original: u32(at + 12),
      seconds: u32(at),
      fraction: u32(at + 4),
    });
    at += 16 + length;
  }
  return { linkType: u32(20) & 0xffff, snaplen, packets };
}

function readPcapng(file: Buffer): Capture {
  const little = file.readUInt32LE(8) === 0x1a2b3c4d;
  const u32 = (at: number): number => (little ? file.readUInt32LE(at) : file.readUInt32BE(at));
  const u16 = (at: number): number => (little ? file.readUInt16LE(at) : file.readUInt16BE(at));
  let linkType = 0;
  let snaplen = 0;
  const packets: CapturedPacket[] = [];
  for (let at = 0; at + 12 <= file.length; at += u32(at + 4)) {
    if (u32(at) === 1) {
      linkType = u16(at + 8);
      snaplen = u32(at + 12);
    }
    if (u32(at) === 6) {
      const bytes = file.subarray(at + 28, at + 28 + u32(at + 20));
      packets.push({ bytes, original: u32(at + 24), seconds: 0, fraction: packets.length });
    }
  }
  return { linkType, snaplen: snaplen === 0 ? 262_144 : snaplen, packets };
}

/** A little-endian pcap file with microseconds, byte for byte what tcpdump writes on a little-endian host. */
export function writePcap(capture: Capture): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(capture.snaplen, 16);
  header.writeUInt32LE(capture.linkType, 20);
  const parts: Uint8Array[] = [header];
  for (const { bytes, original, seconds, fraction } of capture.packets) {
    const record = Buffer.alloc(16);
    record.writeUInt32LE(seconds, 0);
    record.writeUInt32LE(fraction, 4);
    record.writeUInt32LE(bytes.length, 8);
    record.writeUInt32LE(original, 12);
    parts.push(record, bytes);
  }
  return Buffer.concat(parts);
}
