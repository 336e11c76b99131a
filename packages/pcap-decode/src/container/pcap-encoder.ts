import type { Packet } from "../packet.ts";
import { putU16, putU32 } from "./bytes.ts";
import { PCAP_HEADER, PCAP_RECORD, PcapMagic } from "./pcap-header.ts";

/** What a pcap file is written with. */
export interface PcapEncoding {
  readonly linkType: number;
  readonly linkTypeExtension: number;
  readonly snaplen: number;
  readonly nanoseconds: boolean;
  readonly big: boolean;
}

/** The 24 bytes at the start of a pcap file, version 2.4. */
export function pcapHeader({ linkType, linkTypeExtension, snaplen, nanoseconds, big }: PcapEncoding): Uint8Array {
  const out = new Uint8Array(PCAP_HEADER);
  putU32(out, 0, nanoseconds ? PcapMagic.NANOSECONDS : PcapMagic.MICROSECONDS, big);
  putU16(out, 4, 2, big);
  putU16(out, 6, 4, big);
  putU32(out, 16, snaplen, big);
  putU32(out, 20, linkTypeExtension * 0x10000 + linkType, big);
  return out;
}

/** Bytes of a packet's record. */
export function pcapRecordLength(packet: Packet, { snaplen }: PcapEncoding): number {
  return PCAP_RECORD + Math.min(packet.capturedLength, snaplen);
}

/** Writes a packet's record at `at`, cut to the snapshot length. */
export function putPcapRecord(
  out: Uint8Array,
  at: number,
  packet: Packet,
  { snaplen, nanoseconds, big }: PcapEncoding,
): void {
  const captured = Math.min(packet.capturedLength, snaplen);
  putU32(out, at, packet.seconds, big);
  putU32(out, at + 4, nanoseconds ? packet.nanoseconds : Math.floor(packet.nanoseconds / 1000), big);
  putU32(out, at + 8, captured, big);
  putU32(out, at + 12, packet.originalLength, big);
  out.set(packet.buffer.subarray(packet.offset, packet.offset + captured), at + PCAP_RECORD);
}
