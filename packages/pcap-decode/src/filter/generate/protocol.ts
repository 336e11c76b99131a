import { all, and, any, or, type Test } from "../block.ts";
import { BPF } from "../instruction.ts";
import type { ProtocolName } from "../keywords.ts";
import { ETHER_TYPE, SAP } from "./ether-type.ts";
import { linkProtocol } from "./link.ts";
import { compare } from "./load.ts";
import { IPV4_PROTOCOL, IPV6_NEXT_HEADER } from "./port.ts";
import { assertAtMost, fail, type GenerateState } from "./state.ts";

/** IP protocol numbers (IANA) of protocols that stand alone; `both` may be in IPv4 and in IPv6. */
const IP_PROTOCOLS = {
  tcp: { number: 6, over: "both" },
  udp: { number: 17, over: "both" },
  sctp: { number: 132, over: "both" },
  pim: { number: 103, over: "both" },
  ah: { number: 51, over: "both" },
  esp: { number: 50, over: "both" },
  icmp: { number: 1, over: "ip" },
  igmp: { number: 2, over: "ip" },
  igrp: { number: 9, over: "ip" },
  vrrp: { number: 112, over: "ip" },
  carp: { number: 112, over: "ip" },
  icmp6: { number: 58, over: "ip6" },
} as const;

/** Network layer protocol identifiers (ISO/IEC TR 9577). */
const ISO_PROTOCOLS = { clnp: 0x81, esis: 0x82, isis: 0x83 } as const;

/** IS-IS PDU types (ISO/IEC 10589), in the order in which the members of each group are tried. */
const L1_HELLO = 15;
const L2_HELLO = 16;
const PTP_HELLO = 17;
const L1_LSP = 18;
const L2_LSP = 20;
const L1_CSNP = 24;
const L2_CSNP = 25;
const L1_PSNP = 26;
const L2_PSNP = 27;

const ISIS_GROUPS = {
  l1: [L1_PSNP, L1_CSNP, L1_LSP, L1_HELLO, PTP_HELLO],
  l2: [L2_PSNP, L2_CSNP, L2_LSP, L2_HELLO, PTP_HELLO],
  iih: [PTP_HELLO, L1_HELLO, L2_HELLO],
  lsp: [L1_LSP, L2_LSP],
  snp: [L2_PSNP, L1_PSNP, L1_CSNP, L2_CSNP],
  csnp: [L1_CSNP, L2_CSNP],
  psnp: [L1_PSNP, L2_PSNP],
} as const;

const LINK_PROTOCOLS: Readonly<Partial<Record<ProtocolName, number>>> = {
  ip: ETHER_TYPE.ip,
  ip6: ETHER_TYPE.ip6,
  arp: ETHER_TYPE.arp,
  rarp: ETHER_TYPE.rarp,
  atalk: ETHER_TYPE.atalk,
  aarp: ETHER_TYPE.aarp,
  decnet: ETHER_TYPE.decnet,
  lat: ETHER_TYPE.lat,
  sca: ETHER_TYPE.sca,
  moprc: ETHER_TYPE.moprc,
  mopdl: ETHER_TYPE.mopdl,
  iso: SAP.iso,
  stp: SAP.stp,
  ipx: SAP.ipx,
  netbeui: SAP.netbeui,
};

/** A protocol's name alone: `tcp`, `arp`, `isis`, `snp`. */
export function namedProtocol(state: GenerateState, protocol: ProtocolName): Test {
  const link = LINK_PROTOCOLS[protocol];
  if (link !== undefined) return linkProtocol(state, link);
  if (protocol in IP_PROTOCOLS) {
    const { over } = IP_PROTOCOLS[protocol as keyof typeof IP_PROTOCOLS];
    return numberedProtocol(state, ipProtocolNumber(state, protocol), over === "both" ? "default" : over);
  }
  if (protocol in ISO_PROTOCOLS) {
    return numberedProtocol(state, ISO_PROTOCOLS[protocol as keyof typeof ISO_PROTOCOLS], "iso");
  }
  if (protocol in ISIS_GROUPS) {
    const types = ISIS_GROUPS[protocol as keyof typeof ISIS_GROUPS];
    return any(...types.map((type) => numberedProtocol(state, type, "isis")));
  }
  if (protocol === "link") return fail(state, "link layer applied in wrong context");
  return fail(state, `'${protocol}' is not a valid protocol type`);
}

/** IP protocol number of a protocol that can be indexed: `tcp[13]`. */
export function ipProtocolNumber(state: GenerateState, protocol: ProtocolName): number {
  if (protocol === "igrp") return state.options.host.igrp;
  return IP_PROTOCOLS[protocol as keyof typeof IP_PROTOCOLS].number;
}

/** Number of an OSI protocol that `iso proto` knows by name. */
export function isoProtocolNumber(name: string): number | undefined {
  return Object.hasOwn(ISO_PROTOCOLS, name) ? ISO_PROTOCOLS[name as keyof typeof ISO_PROTOCOLS] : undefined;
}

const IPV6_FRAGMENT = 44;
const ISIS_TYPE = 0x1f;

/** `proto` with a number, after the layer that carries it. */
export function numberedProtocol(state: GenerateState, value: number, layer: ProtocolName | "default"): Test {
  switch (layer) {
    case "default": {
      const ip = numberedProtocol(state, value, "ip");
      return or(ip, numberedProtocol(state, value, "ip6"));
    }
    case "link":
      return linkProtocol(state, value);
    case "ip": {
      assertAtMost(state, "protocol number", value, 255);
      const link = linkProtocol(state, ETHER_TYPE.ip);
      return and(link, compare(state, "payload", IPV4_PROTOCOL, BPF.B, value));
    }
    case "ip6": {
      assertAtMost(state, "protocol number", value, 255);
      const link = linkProtocol(state, ETHER_TYPE.ip6);
      const direct = compare(state, "payload", IPV6_NEXT_HEADER, BPF.B, value);
      // One extension header is looked into: the fragment header.
      const fragmented = and(
        compare(state, "payload", IPV6_NEXT_HEADER, BPF.B, IPV6_FRAGMENT),
        compare(state, "payload", 40, BPF.B, value),
      );
      return and(link, or(direct, fragmented));
    }
    case "iso":
      return isoProtocol(state, value);
    case "isis": {
      assertAtMost(state, "IS-IS PDU type", value, 31);
      const isis = isoProtocol(state, ISO_PROTOCOLS.isis);
      return and(isis, compare(state, "payloadNoSnap", 4, BPF.B, value, ISIS_TYPE));
    }
    case "arp":
    case "rarp":
    case "atalk":
    case "decnet":
    case "lat":
    case "sca":
    case "moprc":
    case "mopdl":
      return fail(state, `${layer} does not encapsulate another protocol`);
    default:
      return fail(state, `'${layer} proto' is bogus`);
  }
}

function isoProtocol(state: GenerateState, value: number): Test {
  assertAtMost(state, "ISO protocol", value, 255);
  switch (state.linkType) {
    case "FRELAY":
      return compare(state, "header", 2, BPF.H, (0x03 << 8) | value);
    case "C_HDLC": {
      const link = linkProtocol(state, SAP.iso);
      return and(link, compare(state, "payloadNoSnap", 1, BPF.B, value));
    }
    default: {
      const link = linkProtocol(state, SAP.iso);
      return and(link, compare(state, "payloadNoSnap", 0, BPF.B, value));
    }
  }
}

/** `ip multicast` and `ip6 multicast`. */
export function networkMulticast(state: GenerateState, layer: "ip" | "ip6"): Test {
  const link = linkProtocol(state, ETHER_TYPE[layer]);
  if (layer === "ip6") return and(link, compare(state, "payload", 24, BPF.B, 0xff));
  return and(
    link,
    state.options.wideMulticast
      ? compare(state, "payload", 16, BPF.B, 0xe0, undefined, BPF.JGE)
      : compare(state, "payload", 16, BPF.B, 0xe0, 0xf0),
  );
}

/** `ip broadcast`: the host part of the destination is all zeros or all ones. */
export function ipBroadcast(state: GenerateState): Test {
  const { netmask } = state.options;
  if (netmask === 0xffffffff) return fail(state, "netmask not known, so 'ip broadcast' not supported");
  const link = linkProtocol(state, ETHER_TYPE.ip);
  const host = ~netmask >>> 0;
  return all(link, or(compare(state, "payload", 16, BPF.W, 0, host), compare(state, "payload", 16, BPF.W, host, host)));
}
