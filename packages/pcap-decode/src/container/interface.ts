import type { CaptureOption } from "./option.ts";

/** What a packet was captured on. A pcap file has exactly one. */
export interface CaptureInterface {
  /** Number within its section, from 0. */
  readonly id: number;
  /** LINKTYPE_ number, e.g. 1 for Ethernet; see `LinkType`. */
  readonly linkType: number;
  /** Most bytes kept of a packet; 0 when unlimited. */
  readonly snaplen: number;
  /** Bytes of frame check sequence at the end of each packet, when the file says so. */
  readonly fcsLength?: number;
  /** The upper 16 bits of a pcap's link type word, when any is set: the check sequence, and what is reserved. */
  readonly linkTypeExtension?: number;
  readonly name?: string;
  readonly description?: string;
  /** Ticks of the file's clock per second: 1e6 or 1e9 in pcap, any power of 2 or 10 in pcapng. */
  readonly ticksPerSecond: bigint;
  /** Seconds added to every timestamp. */
  readonly timestampOffset: bigint;
  /** pcapng options of the interface block as they are in the file. */
  readonly options: readonly CaptureOption[];
}

/** Link types by name (https://www.tcpdump.org/linktypes.html). */
export const LinkType = {
  NULL: 0,
  ETHERNET: 1,
  PPP: 9,
  PPP_HDLC: 50,
  PPP_ETHER: 51,
  RAW: 101,
  C_HDLC: 104,
  IEEE802_11: 105,
  FRELAY: 107,
  LOOP: 108,
  LINUX_SLL: 113,
  IEEE802_11_RADIOTAP: 127,
  ARCNET_LINUX: 129,
  IPV4: 228,
  IPV6: 229,
  IPOIB: 242,
  LINUX_SLL2: 276,
} as const;
