import { LinkType } from "../container/interface.ts";

/** Names of `tcpdump -y` and pcap-linktype(7) where the file format has another. */
const ALIASES = { EN10MB: "ETHERNET", PPP_SERIAL: "PPP_HDLC", IEEE802_11_RADIO: "IEEE802_11_RADIOTAP" } as const;

/** Name of a link type: that of `LinkType`, or as `tcpdump -y` takes it. */
export type LinkTypeName = keyof typeof LinkType | "EN10MB" | "PPP_SERIAL" | "IEEE802_11_RADIO";

/** Numbers that some systems write into files for RAW. */
const RAW_ALIASES: ReadonlySet<number> = new Set([12, 14]);

const NAMES: ReadonlyMap<number, keyof typeof LinkType> = new Map(
  Object.entries(LinkType).map(([name, number]) => [number, name as keyof typeof LinkType]),
);

/**
 * The link type that a number or name means; a number without tests of its own stays a number. `undefined` when it
 * is neither.
 */
export function findLinkType(linkType: number | string): keyof typeof LinkType | number | undefined {
  if (typeof linkType === "string") {
    const name = linkType.toUpperCase().replace(/^DLT_|^LINKTYPE_/, "");
    if (Object.hasOwn(ALIASES, name)) return ALIASES[name as keyof typeof ALIASES];
    return Object.hasOwn(LinkType, name) ? (name as keyof typeof LinkType) : undefined;
  }
  if (!Number.isInteger(linkType) || linkType < 0 || linkType > 0xffff) return undefined;
  return RAW_ALIASES.has(linkType) ? "RAW" : (NAMES.get(linkType) ?? linkType);
}

/** Offsets into a frame: type field, payload, network layer in the payload, the same without SNAP. */
interface LinkLayout {
  readonly type?: number;
  readonly payload?: number;
  readonly network?: number;
  readonly networkNoSnap?: number;
  /** Where the link header begins. */
  readonly header?: number;
  /** What depends on the packet: the offset of all headers, or of the payload. */
  readonly variable?: "header" | "payload";
}

/** Sizes of LLC with and without SNAP (IEEE 802.2). */
const LLC = { network: 8, networkNoSnap: 3 } as const;
const PLAIN = { network: 0, networkNoSnap: 0 } as const;
const ETHERNET = { network: 0, networkNoSnap: 3 } as const;
const PPP_LIKE: LinkLayout = { type: 2, payload: 4, ...PLAIN };
const RADIO: LinkLayout = { type: 0, payload: 0, ...LLC, variable: "header" };
const PACKET: LinkLayout = { payload: 0, ...PLAIN };

/** libpcap has no place for OSI here and looks at the byte before the payload. */
const NO_OSI = { network: 0, networkNoSnap: -1 } as const;
const JUNIPER: LinkLayout = { type: 4, payload: 4, ...NO_OSI };

/** Layout of each link type; those not listed have no offsets that are known. */
export const LINK_LAYOUTS: Readonly<Partial<Record<LinkTypeName, LinkLayout>>> = {
  NULL: { type: 0, payload: 4, ...PLAIN },
  LOOP: { type: 0, payload: 4, ...PLAIN },
  ENC: { type: 0, payload: 12, ...PLAIN },
  ETHERNET: { type: 12, payload: 14, ...ETHERNET },
  DSA_TAG_BRCM: { type: 16, payload: 18, ...ETHERNET },
  DSA_TAG_DSA: { type: 16, payload: 18, ...ETHERNET },
  DSA_TAG_EDSA: { type: 20, payload: 22, ...ETHERNET },
  NETANALYZER: { header: 4, type: 16, payload: 18, ...ETHERNET },
  NETANALYZER_TRANSPARENT: { header: 12, type: 24, payload: 26, ...ETHERNET },
  IEEE802: { type: 14, payload: 14, ...LLC },
  FDDI: { type: 13, payload: 13, ...LLC },
  IP_OVER_FC: { type: 16, payload: 16, ...LLC },
  ATM_RFC1483: { type: 0, payload: 0, ...LLC },
  ATM_CLIP: { type: 0, payload: 0, ...LLC },
  SUNATM: { type: 4, payload: 4, ...LLC },
  ARCNET: { type: 2, payload: 6, ...PLAIN },
  ARCNET_LINUX: { type: 4, payload: 8, ...PLAIN },
  SLIP: { payload: 16, ...PLAIN },
  SLIP_BSDOS: { payload: 24, ...PLAIN },
  PPP: PPP_LIKE,
  PPP_PPPD: PPP_LIKE,
  PPP_HDLC: PPP_LIKE,
  C_HDLC: PPP_LIKE,
  PPP_ETHER: { type: 6, payload: 8, ...PLAIN },
  PPP_BSDOS: { type: 5, payload: 24, ...PLAIN },
  SYMANTEC_FIREWALL: { type: 6, payload: 44, ...PLAIN },
  RAW: PACKET,
  IPV4: PACKET,
  IPV6: PACKET,
  LTALK: PACKET,
  FRELAY: PACKET,
  LINUX_SLL: { type: 14, payload: 16, ...PLAIN },
  LINUX_SLL2: { type: 0, payload: 20, ...PLAIN },
  APPLE_IP_OVER_IEEE1394: { type: 16, payload: 18, ...PLAIN },
  PFLOG: { type: 0, payload: 0, ...PLAIN, variable: "payload" },
  IPNET: { type: 1, payload: 24, ...NO_OSI },
  JUNIPER_MFR: JUNIPER,
  JUNIPER_MLFR: JUNIPER,
  JUNIPER_MLPPP: JUNIPER,
  JUNIPER_PPP: JUNIPER,
  JUNIPER_FRELAY: JUNIPER,
  JUNIPER_CHDLC: JUNIPER,
  JUNIPER_ATM1: { type: 4, payload: 4, network: 0, networkNoSnap: 10 },
  JUNIPER_ATM2: { type: 8, payload: 8, network: 0, networkNoSnap: 10 },
  JUNIPER_ETHER: { type: 16, payload: 32, ...ETHERNET },
  JUNIPER_PPPOE: { type: 16, payload: 32, ...ETHERNET },
  JUNIPER_PPPOE_ATM: { type: 4, payload: 6, ...NO_OSI },
  JUNIPER_GGSN: { type: 6, payload: 12, ...NO_OSI },
  JUNIPER_MONITOR: { type: 6, payload: 12, ...NO_OSI },
  IEEE802_11: { type: 0, payload: 0, ...LLC, variable: "payload" },
  IEEE802_11_RADIOTAP: RADIO,
  IEEE802_11_RADIO_AVS: RADIO,
  PRISM_HEADER: RADIO,
  PPI: RADIO,
};

/** Whether frames begin with an 802.11 header, after a capture header or not. */
export function isWireless(linkType: LinkTypeName | number): boolean {
  switch (linkType) {
    case "IEEE802_11":
    case "IEEE802_11_RADIOTAP":
    case "IEEE802_11_RADIO_AVS":
    case "PRISM_HEADER":
    case "PPI":
      return true;
    default:
      return false;
  }
}

/** Whether frames begin with Ethernet addresses. */
export function isEthernet(linkType: LinkTypeName | number): boolean {
  switch (linkType) {
    case "ETHERNET":
    case "NETANALYZER":
    case "NETANALYZER_TRANSPARENT":
    case "DSA_TAG_BRCM":
    case "DSA_TAG_DSA":
    case "DSA_TAG_EDSA":
      return true;
    default:
      return false;
  }
}

/** Whether frames begin with Juniper's capture header. */
export function isJuniper(linkType: LinkTypeName | number): boolean {
  return typeof linkType === "string" && linkType.startsWith("JUNIPER_");
}

/** A link type as messages name it: as tcpdump does. */
export function linkTypeLabel(linkType: LinkTypeName | number): string {
  if (typeof linkType === "number") return `link type ${linkType}`;
  const alias = Object.entries(ALIASES).find(([, name]) => name === linkType)?.[0];
  return `DLT_${alias ?? linkType}`;
}
