import { CaptureFormatError } from "../errors.ts";
import { u16, u32 } from "./bytes.ts";
import { MAXIMUM_SNAPLEN } from "./reader.ts";

export const PCAP_HEADER = 24;
export const PCAP_RECORD = 16;
/** Kuznetzov's patched format adds interface index, protocol and packet type to each record. */
const KUZNETZOV_RECORD = 24;

/** Magic numbers as a 32-bit word in the writer's byte order (libpcap, sf-pcap.c). */
export const PcapMagic = { MICROSECONDS: 0xa1b2c3d4, NANOSECONDS: 0xa1b23c4d, KUZNETZOV: 0xa1b2cd34 } as const;

/** What the first 24 bytes of a pcap file say. */
export interface PcapHeader {
  readonly big: boolean;
  readonly nanoseconds: boolean;
  readonly version: readonly [major: number, minor: number];
  /** Whether the two lengths of a record stand in the wrong order. */
  readonly swapped: "never" | "maybe" | "always";
  /** Bytes in front of each packet. */
  readonly recordHeader: number;
  /** As it is in the file. */
  readonly snaplen: number;
  /** What libpcap makes of it: the most bytes of a packet that a filter sees. */
  readonly effectiveSnaplen: number;
  readonly linkType: number;
  /** The upper 16 bits of the link type word. */
  readonly linkTypeExtension: number;
  /** Bytes of frame check sequence, when the header says so. */
  readonly fcsLength: number | undefined;
}

/** What a pcap file's first four bytes say, or `undefined` when they are not pcap's. */
export function pcapMagic(b: Uint8Array, at: number): { magic: number; big: boolean } | undefined {
  for (const big of [false, true]) {
    const magic = u32(b, at, big);
    if (Object.values<number>(PcapMagic).includes(magic)) return { magic, big };
  }
  return undefined;
}

/** Reads the header at `at`, of which all 24 bytes are there. Throws a `CaptureFormatError` when it is none. */
export function readPcapHeader(b: Uint8Array, at: number): PcapHeader {
  const found = pcapMagic(b, at);
  if (found === undefined) throw new CaptureFormatError("Not a pcap file", 0);
  const { magic, big } = found;
  const major = u16(b, at + 4, big);
  const minor = u16(b, at + 6, big);
  if (major < 2) throw new CaptureFormatError(`pcap version ${major}.${minor} is older than 2.0`, 4);
  const snaplen = u32(b, at + 16, big);
  const link = u32(b, at + 20, big);
  return {
    big,
    nanoseconds: magic === PcapMagic.NANOSECONDS,
    version: [major, minor],
    // Version 2.3 files exist with the two lengths in either order; before it and in 543 (DG/UX) they are swapped.
    swapped: major === 543 || (major === 2 && minor < 3) ? "always" : major === 2 && minor === 3 ? "maybe" : "never",
    recordHeader: magic === PcapMagic.KUZNETZOV ? KUZNETZOV_RECORD : PCAP_RECORD,
    snaplen,
    effectiveSnaplen: snaplen === 0 || snaplen > MAXIMUM_SNAPLEN ? MAXIMUM_SNAPLEN : snaplen,
    linkType: link & 0xffff,
    linkTypeExtension: link >>> 16,
    fcsLength: link & 0x04000000 ? (link >>> 28) * 2 : undefined,
  };
}
