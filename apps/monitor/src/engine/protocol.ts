/** What a packet is, in one word, and between whom. */
import { IPv4, IPv6Fragment, type LayerType, type LayerView, type Packet, TCP as TCPLayer } from "@sockeye/pcap-decode";

/** Groups with a colour of their own, in the chart, the shares and the list. */
export const CATEGORIES = ["HTTP", "TLS", "TCP", "DNS", "UDP", "ICMP", "ARP", "Other"] as const;
type Category = number;

/** Layers that are parts of a protocol: what people call it. */
const NAMES: Readonly<Record<string, string>> = {
  DNSOverTCP: "DNS",
  ICMPv6Echo: "ICMPv6",
  ICMPv6Error: "ICMPv6",
  NeighborSolicitation: "ICMPv6",
  NeighborAdvertisement: "ICMPv6",
  RouterSolicitation: "ICMPv6",
  RouterAdvertisement: "ICMPv6",
  NDRedirect: "ICMPv6",
  MLDv2Report: "MLD",
  IPv6HopByHop: "IPv6",
  IPv6Routing: "IPv6",
  IPv6Fragment: "IPv6",
  IPv6DestinationOptions: "IPv6",
  PPPoEDiscovery: "PPPoE",
};

const CATEGORY_OF: Readonly<Record<string, number>> = {
  HTTP: 0,
  TLS: 1,
  TCP: 2,
  DNS: 3,
  UDP: 4,
  ICMP: 5,
  ICMPv6: 5,
  MLD: 5,
  IGMP: 5,
  ARP: 6,
};
const TCP = 2;
const UDP = 4;
const OTHER = 7;

/** The last packet's answer; read at once, as one object serves all packets. */
export interface Classified {
  /** The innermost protocol: "HTTP". */
  protocol: string;
  /** Index into `CATEGORIES`. */
  category: Category;
  /** Addresses of the innermost network layer, of the link when there is none; empty when there is neither. */
  source: string;
  destination: string;
  /** Ports of the transport, or -1. */
  sourcePort: number;
  destinationPort: number;
  /** Whether it is part of a larger datagram. */
  fragment: boolean;
  /** Whether its transport is TCP. */
  overTCP: boolean;
  /** Whether it is a TCP segment that only acknowledges. */
  bareAck: boolean;
}

const result: Classified = {
  protocol: "",
  category: OTHER,
  source: "",
  destination: "",
  sourcePort: -1,
  destinationPort: -1,
  fragment: false,
  overTCP: false,
  bareAck: false,
};

/** What a layer says about its packet. */
interface Kind {
  readonly protocol: string;
  /** Index into `CATEGORIES`, or -1. */
  readonly category: Category;
  /** The same of what it carries: only TCP and UDP tell. */
  readonly carries: Category;
  readonly network: boolean;
  readonly transport: boolean;
  /** Whether it may quote another packet. */
  readonly quotes: boolean;
}

/** By layer id: looking at names for each packet takes several times as long. */
const kinds: Kind[] = [];

function kindOf({ id, name }: LayerType): Kind {
  let kind = kinds[id];
  if (kind === undefined) {
    const protocol = NAMES[name] ?? name;
    kind = {
      protocol,
      category: CATEGORY_OF[protocol] ?? -1,
      carries: name === "TCP" ? TCP : name === "UDP" ? UDP : -1,
      network: name === "IPv4" || name === "IPv6",
      transport: name === "TCP" || name === "UDP" || name === "SCTP",
      quotes: name === "ICMP" || name === "ICMPv6Error",
    };
    kinds[id] = kind;
  }
  return kind;
}

const RAW: Kind = { protocol: "Raw", category: -1, carries: -1, network: false, transport: false, quotes: false };

/** Says what a packet is. What ICMP quotes of another packet is not the packet's own. */
export function classify(packet: Packet): Classified {
  const views = packet.layers;
  let innermost = RAW;
  let end = 0;
  while (end < views.length && !innermost.quotes) innermost = kindOf(views[end++]!.layer);
  result.protocol = innermost.protocol;
  let { category } = innermost;
  let network: LayerView | undefined;
  let transport: LayerView | undefined;
  for (let i = end - 1; i >= 0 && network === undefined; i--) {
    const view = views[i]!;
    const kind = kindOf(view.layer);
    if (category < 0) category = kind.carries;
    if (kind.network) network = view;
    else if (kind.transport) transport ??= view;
  }
  result.category = category < 0 ? OTHER : category;
  network ??= views.findLast((view) => "src" in view && "dst" in view) ?? views.find((view) => "psrc" in view);
  result.fragment = false;
  result.bareAck = false;
  result.overTCP = transport?.layer === (TCPLayer as LayerType);
  if (network?.layer === (IPv4 as LayerType)) {
    const { buffer: b, offset: at } = network;
    result.source = ipv4Text(b, at + IPV4_SOURCE);
    result.destination = ipv4Text(b, at + IPV4_SOURCE + 4);
    result.fragment = (b[at + 6]! & 0x3f) !== 0 || b[at + 7] !== 0;
    if (transport !== undefined && result.overTCP) {
      const length = (b[at + 2]! << 8) | b[at + 3]!;
      const headers = transport.offset - at + transport.headerLength;
      result.bareAck = length === headers && (b[transport.offset + 13]! & 7) === 0;
    }
  } else {
    const { src, dst } = (network ?? {}) as { src?: unknown; dst?: unknown };
    result.fragment = views.some((view) => view.layer === (IPv6Fragment as LayerType));
    result.source = typeof src === "string" ? src : "";
    result.destination = typeof dst === "string" ? dst : "";
  }
  const { sport, dport } = (transport ?? {}) as { sport?: number; dport?: number };
  result.sourcePort = sport ?? -1;
  result.destinationPort = dport ?? -1;
  return result;
}

/** Texts of addresses that are remembered: making one takes longer than all the rest of a packet. */
const MAX_TEXTS = 65_536;
const IPV4_SOURCE = 12;
const texts = new Map<number, string>();

function ipv4Text(b: Uint8Array, at: number): string {
  const key = (b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!;
  let text = texts.get(key);
  if (text === undefined) {
    if (texts.size >= MAX_TEXTS) texts.clear();
    text = `${b[at]}.${b[at + 1]}.${b[at + 2]}.${b[at + 3]}`;
    texts.set(key, text);
  }
  return text;
}
