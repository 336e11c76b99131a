import { NextTable } from "../next-table.ts";

/** IEEE 802 numbers: what Ethernet, VLAN, GRE, … carry. */
export const etherTypes = new NextTable("EtherType", 16);
/** IANA protocol numbers: what IPv4 and IPv6 carry. */
export const ipProtocols = new NextTable("IP protocol", 8);
/** UDP ports, of either side. */
export const udpPorts = new NextTable("UDP port", 16);
/** TCP ports, of either side. */
export const tcpPorts = new NextTable("TCP port", 16);
/** PPP protocol numbers (RFC 1661). */
export const pppProtocols = new NextTable("PPP protocol", 16);
/** LLC service access points. */
export const llcSaps = new NextTable("LLC SAP", 8);
/** ICMPv6 types whose body is a layer. */
export const icmpv6Types = new NextTable("ICMPv6 type", 8);
/** LINKTYPE_ numbers: what a capture's packets start with. */
export const linkTypes = new NextTable("link type", 16);

/** Names of common EtherTypes, for `show()` and for building. */
export const etherTypeNames: Readonly<Record<number, string>> = {
  2048: "IPv4",
  2054: "ARP",
  25944: "Ethernet",
  33024: "VLAN",
  34525: "IPv6",
  34825: "slow protocols",
  34887: "MPLS",
  34888: "MPLS multicast",
  34915: "PPPoE discovery",
  34916: "PPPoE session",
  34958: "EAPOL",
  34984: "QinQ",
  35020: "LLDP",
  35045: "MACsec",
  35063: "PTP",
  36864: "loopback",
};

/** Names of common IP protocols, for `show()` and for building. */
export const ipProtocolNames: Readonly<Record<number, string>> = {
  0: "hop-by-hop",
  1: "ICMP",
  2: "IGMP",
  4: "IPv4",
  6: "TCP",
  17: "UDP",
  41: "IPv6",
  43: "routing",
  44: "fragment",
  47: "GRE",
  50: "ESP",
  51: "AH",
  58: "ICMPv6",
  59: "none",
  60: "destination options",
  89: "OSPF",
  103: "PIM",
  112: "VRRP",
  132: "SCTP",
};
