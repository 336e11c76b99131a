import type { Packet } from "../packet.ts";
import type { CaptureInterface } from "./interface.ts";
import type { CaptureOption } from "./option.ts";

/** pcapng block types (draft-ietf-opsawg-pcapng section 11.1). */
export const BlockType = {
  SECTION: 0x0a0d0d0a,
  INTERFACE: 1,
  PACKET: 2,
  SIMPLE_PACKET: 3,
  NAMES: 4,
  STATISTICS: 5,
  ENHANCED_PACKET: 6,
  SYSTEMD_JOURNAL: 9,
  SECRETS: 10,
  CUSTOM: 0xbad,
  CUSTOM_NO_COPY: 0x40000bad,
} as const;

/** One block of a pcapng file, in the order of the file. A pcap file gives `section`, `interface` and `packet` blocks. */
export type CaptureBlock =
  | SectionBlock
  | InterfaceBlock
  | PacketBlock
  | NamesBlock
  | StatisticsBlock
  | SecretsBlock
  | CustomBlock
  | OtherBlock;

/** Start of a section: byte order and what wrote it. */
export interface SectionBlock {
  readonly type: "section";
  readonly byteOrder: "little" | "big";
  readonly version: readonly [major: number, minor: number];
  /** Bytes of the section's blocks, or -1n when the writer did not know. */
  readonly length: bigint;
  readonly options: readonly CaptureOption[];
}

/** An interface of the section. */
export interface InterfaceBlock {
  readonly type: "interface";
  readonly interface: CaptureInterface;
  readonly options: readonly CaptureOption[];
}

/** A packet: `form` tells which of the three packet blocks holds it. */
export interface PacketBlock {
  readonly type: "packet";
  readonly form: "enhanced" | "simple" | "obsolete";
  readonly packet: Packet;
  readonly options: readonly CaptureOption[];
  /** Packets dropped before this one; only in the obsolete block, 0xffff when unknown. */
  readonly drops?: number;
}

/** Names of addresses. */
export interface NamesBlock {
  readonly type: "names";
  readonly records: readonly NameRecord[];
  readonly options: readonly CaptureOption[];
}

/** One record of a name resolution block; `address` is the raw address. */
export interface NameRecord {
  /** 1 IPv4, 2 IPv6, 3 EUI-48, 4 EUI-64. */
  readonly type: number;
  readonly address: Uint8Array;
  readonly names: readonly string[];
}

/** Counters of an interface. */
export interface StatisticsBlock {
  readonly type: "statistics";
  readonly interfaceId: number;
  /** Ticks of the interface's clock. */
  readonly time: bigint;
  readonly options: readonly CaptureOption[];
}

/** Keys to decrypt what was captured; `secretsType` is e.g. 0x544c534b for a TLS key log. */
export interface SecretsBlock {
  readonly type: "secrets";
  readonly secretsType: number;
  readonly data: Uint8Array;
  readonly options: readonly CaptureOption[];
}

/** A vendor's block; `data` includes its options, whose place only the vendor knows. */
export interface CustomBlock {
  readonly type: "custom";
  /** Private enterprise number of the vendor. */
  readonly enterprise: number;
  /** Whether a program that rewrites the file may keep the block. */
  readonly copy: boolean;
  readonly data: Uint8Array;
}

/** A block whose type is unknown here. */
export interface OtherBlock {
  readonly type: "other";
  readonly code: number;
  readonly data: Uint8Array;
}
