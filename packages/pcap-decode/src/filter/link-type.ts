/** Link types with tests of their own, by their LINKTYPE_ number (pcap-linktype(7)). */
export const LINK_TYPES = {
  NULL: 0,
  EN10MB: 1,
  IEEE802: 6,
  ARCNET: 7,
  SLIP: 8,
  PPP: 9,
  FDDI: 10,
  PPP_SERIAL: 50,
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
  IEEE802_11_RADIO: 127,
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
  LINUX_SLL2: 276,
  DSA_TAG_BRCM: 281,
  DSA_TAG_DSA: 284,
  DSA_TAG_EDSA: 285,
} as const;

/** Name of a link type, as `tcpdump -y` takes it. */
export type LinkTypeName = keyof typeof LINK_TYPES;

/** Numbers that some systems write into files for RAW. */
const RAW_ALIASES: ReadonlySet<number> = new Set([12, 14]);

const ALIASES: Readonly<Record<string, LinkTypeName>> = { ETHERNET: "EN10MB" };

const NAMES: ReadonlyMap<number, LinkTypeName> = new Map(
  Object.entries(LINK_TYPES).map(([name, number]) => [number, name as LinkTypeName]),
);

/**
 * The link type that a number or name means; a number without tests of its own stays a number. `undefined` when it
 * is neither.
 */
export function findLinkType(linkType: number | string): LinkTypeName | number | undefined {
  if (typeof linkType === "string") {
    const name = linkType.toUpperCase().replace(/^DLT_|^LINKTYPE_/, "");
    return Object.hasOwn(LINK_TYPES, name) ? (name as LinkTypeName) : ALIASES[name];
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
  EN10MB: { type: 12, payload: 14, ...ETHERNET },
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
  PPP_SERIAL: PPP_LIKE,
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
  IEEE802_11_RADIO: RADIO,
  IEEE802_11_RADIO_AVS: RADIO,
  PRISM_HEADER: RADIO,
  PPI: RADIO,
};

/** Whether frames begin with an 802.11 header, after a capture header or not. */
export function isWireless(linkType: LinkTypeName | number): boolean {
  switch (linkType) {
    case "IEEE802_11":
    case "IEEE802_11_RADIO":
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
    case "EN10MB":
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

/** A link type as messages name it. */
export function linkTypeLabel(linkType: LinkTypeName | number): string {
  return typeof linkType === "number" ? `link type ${linkType}` : `DLT_${linkType}`;
}
