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

/**
 * Link types by name (https://www.tcpdump.org/linktypes.html): those that layers decode, and those that filters have
 * tests of their own for.
 */
export const LinkType = {
  NULL: 0,
  ETHERNET: 1,
  IEEE802: 6,
  ARCNET: 7,
  SLIP: 8,
  PPP: 9,
  FDDI: 10,
  PPP_HDLC: 50,
  PPP_ETHER: 51,
  SYMANTEC_FIREWALL: 99,
  ATM_RFC1483: 100,
  RAW: 101,
  SLIP_BSDOS: 102,
  PPP_BSDOS: 103,
  C_HDLC: 104,
  IEEE802_11: 105,
  ATM_CLIP: 106,
  FRELAY: 107,
  LOOP: 108,
  ENC: 109,
  LINUX_SLL: 113,
  LTALK: 114,
  PFLOG: 117,
  PRISM_HEADER: 119,
  IP_OVER_FC: 122,
  SUNATM: 123,
  IEEE802_11_RADIOTAP: 127,
  ARCNET_LINUX: 129,
  JUNIPER_MLPPP: 130,
  JUNIPER_MLFR: 131,
  JUNIPER_GGSN: 133,
  JUNIPER_MFR: 134,
  JUNIPER_ATM2: 135,
  JUNIPER_ATM1: 137,
  APPLE_IP_OVER_IEEE1394: 138,
  MTP2: 140,
  IEEE802_11_RADIO_AVS: 163,
  JUNIPER_MONITOR: 164,
  BACNET_MS_TP: 165,
  PPP_PPPD: 166,
  JUNIPER_PPPOE: 167,
  JUNIPER_PPPOE_ATM: 168,
  JUNIPER_ETHER: 178,
  JUNIPER_PPP: 179,
  JUNIPER_FRELAY: 180,
  JUNIPER_CHDLC: 181,
  PPI: 192,
  IPNET: 226,
  IPV4: 228,
  IPV6: 229,
  NETANALYZER: 240,
  NETANALYZER_TRANSPARENT: 241,
  IPOIB: 242,
  LINUX_SLL2: 276,
  DSA_TAG_BRCM: 281,
  DSA_TAG_DSA: 284,
  DSA_TAG_EDSA: 285,
} as const;
