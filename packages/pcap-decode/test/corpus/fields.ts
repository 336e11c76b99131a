import { toHex } from "../../src/hex.ts";
import type { LayerType, LayerView } from "../../src/layer.ts";
import { ARP } from "../../src/layers/arp.ts";
import { DHCP } from "../../src/layers/dhcp.ts";
import { DNS } from "../../src/layers/dns.ts";
import { Ethernet } from "../../src/layers/ethernet.ts";
import { HTTP } from "../../src/layers/http.ts";
import { ICMP } from "../../src/layers/icmp.ts";
import { ICMPv6 } from "../../src/layers/icmpv6.ts";
import { IPv4 } from "../../src/layers/ipv4.ts";
import { IPv6 } from "../../src/layers/ipv6.ts";
import { NTP } from "../../src/layers/ntp.ts";
import { SCTP } from "../../src/layers/sctp.ts";
import { TCP } from "../../src/layers/tcp.ts";
import { TLS } from "../../src/layers/tls.ts";
import { UDP } from "../../src/layers/udp.ts";
import { VLAN } from "../../src/layers/vlan.ts";
import type { Packet } from "../../src/packet.ts";

type Value = string | number | undefined | (string | number)[];
type Reader = (packet: Packet) => Value[];

function from<V extends LayerView>(layer: LayerType<V>, read: (view: V, packet: Packet) => Value): Reader {
  return (packet) => packet.all(layer).map((view) => read(view, packet));
}

const hex = (value: number, digits: number) => `0x${value.toString(16).padStart(digits, "0")}`;
const bool = (value: boolean) => (value ? "1" : "0");

/** As tshark counts: what the IP header and the length on the wire leave, even when the capture holds less. */
function tcpLength(tcp: LayerView & { readonly payload: Uint8Array }, packet: Packet): number {
  const ip = packet.layers.findLast(
    (view) => view.offset < tcp.offset && (view.layer.name === "IPv4" || view.layer.name === "IPv6"),
  );
  if (!packet.truncated || ip === undefined) return tcp.payload.length;
  const onWire = packet.originalLength - (ip.offset - packet.offset);
  const length = Math.min(onWire, ip.layer.definition.totalLength!(ip.buffer, ip.offset, ip.end) || onWire);
  return ip.offset + length - tcp.offset - tcp.headerLength;
}

/** tshark's fields from our layers, outermost first. */
export const fields: Readonly<Record<string, Reader>> = {
  "eth.src": from(Ethernet, (v) => v.src),
  "eth.dst": from(Ethernet, (v) => v.dst),
  "eth.type": from(Ethernet, (v) => (v.type > 1500 ? hex(v.type, 4) : undefined)),
  "vlan.id": from(VLAN, (v) => v.vid),
  "arp.opcode": from(ARP, (v) => v.op),
  "arp.src.proto_ipv4": from(ARP, (v) => (v.plen === 4 && v.ptype === 0x800 ? v.psrc : undefined)),
  "arp.dst.proto_ipv4": from(ARP, (v) => (v.plen === 4 && v.ptype === 0x800 ? v.pdst : undefined)),
  "ip.hdr_len": from(IPv4, (v) => v.ihl * 4),
  "ip.len": from(IPv4, (v) => v.totalLength),
  "ip.id": from(IPv4, (v) => hex(v.id, 4)),
  "ip.flags.mf": from(IPv4, (v) => bool(v.moreFragments)),
  "ip.frag_offset": from(IPv4, (v) => v.fragmentOffset),
  "ip.ttl": from(IPv4, (v) => v.ttl),
  "ip.proto": from(IPv4, (v) => v.protocol),
  "ip.src": from(IPv4, (v) => v.src),
  "ip.dst": from(IPv4, (v) => v.dst),
  "ipv6.src": from(IPv6, (v) => v.src),
  "ipv6.dst": from(IPv6, (v) => v.dst),
  "ipv6.nxt": from(IPv6, (v) => v.nextHeader),
  "ipv6.hlim": from(IPv6, (v) => v.hopLimit),
  "tcp.srcport": from(TCP, (v) => v.sport),
  "tcp.dstport": from(TCP, (v) => v.dport),
  "tcp.seq_raw": from(TCP, (v) => v.seq),
  "tcp.ack_raw": from(TCP, (v) => v.ack),
  "tcp.flags": from(TCP, (v) => hex((v.reserved << 9) | v.flags, 4)),
  "tcp.window_size_value": from(TCP, (v) => v.window),
  "tcp.hdr_len": from(TCP, (v) => v.dataOffset * 4),
  "tcp.len": from(TCP, (v, packet) => tcpLength(v, packet)),
  "tcp.options": from(TCP, (v) => toHex(v.buffer, v.offset + 20, v.offset + v.headerLength) || undefined),
  "udp.srcport": from(UDP, (v) => v.sport),
  "udp.dstport": from(UDP, (v) => v.dport),
  "udp.length": from(UDP, (v) => v.length),
  "sctp.srcport": from(SCTP, (v) => v.sport),
  "sctp.dstport": from(SCTP, (v) => v.dport),
  "icmp.type": from(ICMP, (v) => v.type),
  "icmp.code": from(ICMP, (v) => v.code),
  "icmpv6.type": from(ICMPv6, (v) => v.type),
  "icmpv6.code": from(ICMPv6, (v) => v.code),
  "dns.id": from(DNS, (v) => hex(v.id, 4)),
  "dns.flags.response": from(DNS, (v) => v.response),
  "dns.qry.name": from(DNS, (v) => v.questions.map(({ name }) => (name === "." ? "<Root>" : name))),
  "dns.qry.type": from(DNS, (v) => v.questions.map(({ type }) => type)),
  "dns.count.answers": from(DNS, (v) => v.answerCount),
  "dhcp.type": from(DHCP, (v) => v.op),
  "ntp.flags": from(NTP, (v) => hex(v.buffer[v.offset]!, 2)),
  "http.request.method": from(HTTP, (v) => v.method),
  "http.request.uri": from(HTTP, (v) => v.uri),
  "http.host": from(HTTP, (v) => v.host),
  "http.response.code": from(HTTP, (v) => v.status),
  "tls.handshake.extensions_server_name": from(TLS, (v) => v.serverName),
};

/** Our value of a tshark field, joined as tshark joins; `undefined` when we have none. */
export function fieldOf(packet: Packet, field: string): string | undefined {
  const values = fields[field]!(packet)
    .flat()
    .filter((value) => value !== undefined);
  return values.length === 0 ? undefined : values.join("|");
}

/**
 * tshark's dissectors that are layers here; the names between them that are none. What tshark knows from earlier
 * packets of a conversation (http, tls, quic, tftp) ends the comparison.
 */
const layerOf: Readonly<Record<string, string | null>> = {
  ah: "AH",
  arcnet: "ARCNET",
  arp: "ARP",
  chdlc: "CiscoHDLC",
  dhcp: "DHCP",
  dhcpv6: "DHCPv6",
  dns: "DNS",
  erspan: "ERSPAN",
  esp: "ESP",
  eth: "Ethernet",
  ethertype: null,
  fr: "FrameRelay",
  geneve: "GENEVE",
  gre: "GRE",
  gtp: "GTPU",
  icmp: "ICMP",
  icmpv6: "ICMPv6",
  ieee8021ad: "VLAN",
  igmp: "IGMP",
  ip: "IPv4",
  ipoib: "IPoIB",
  ipv6: "IPv6",
  "ipv6.dstopts": "IPv6DestinationOptions",
  "ipv6.fraghdr": "IPv6Fragment",
  "ipv6.hopopts": "IPv6HopByHop",
  "ipv6.routing": "IPv6Routing",
  llc: "LLC",
  lldp: "LLDP",
  llmnr: "DNS",
  mdns: "DNS",
  mpls: "MPLS",
  ntp: "NTP",
  null: "Null",
  pim: "PIM",
  ppp: "PPP",
  pppoed: "PPPoEDiscovery",
  pppoes: "PPPoE",
  radiotap: "Radiotap",
  radius: "RADIUS",
  raw: null,
  sctp: "SCTP",
  sip: "SIP",
  sll: "SLL",
  snmp: "SNMP",
  ssdp: "HTTP",
  stp: "STP",
  syslog: "Syslog",
  tcp: "TCP",
  udp: "UDP",
  vlan: "VLAN",
  vxlan: "VXLAN",
  wlan: "Dot11",
  wlan_radio: null,
};
/** Layers here that tshark shows inside another. */
const inside = new Set([
  "SNAP",
  "ICMPv6Echo",
  "ICMPv6Error",
  "MLD",
  "MLDv2Report",
  "RouterSolicitation",
  "RouterAdvertisement",
  "NeighborSolicitation",
  "NeighborAdvertisement",
  "NDRedirect",
  "DNSOverTCP",
]);

/** tshark's chain as far as its dissectors are layers here. */
function chainOf(protocols: string): string[] {
  const chain: string[] = [];
  for (const name of protocols.split(":")) {
    const layer = layerOf[name];
    if (layer === undefined) break;
    // tshark names the group list of IGMP once more.
    if (layer !== null && !(layer === "IGMP" && chain.at(-1) === "IGMP")) chain.push(layer);
  }
  return chain;
}

/** Our layers in tshark's terms, at most `length`; tshark names a stack of MPLS labels once. */
function ourChain(packet: Packet, length: number): string[] {
  return packet.layers
    .map((view) => view.layer.name.replace(/^ERSPAN\d$/, "ERSPAN"))
    .filter((name, i, all) => !inside.has(name) && !(name === "MPLS" && all[i - 1] === "MPLS"))
    .slice(0, length);
}

/** tshark's `frame.protocols` and ours, as far as they can be compared. */
export function chains(packet: Packet, protocols: string): { readonly ours: string; readonly theirs: string } {
  const theirs = chainOf(protocols);
  return { ours: ourChain(packet, theirs.length).join("/"), theirs: theirs.join("/") };
}
