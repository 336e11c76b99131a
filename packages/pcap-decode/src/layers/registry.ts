import { LinkType } from "../container/interface.ts";
import type { LayerType } from "../layer.ts";
import type { NextTable } from "../next-table.ts";
import { ARCNET } from "./arcnet.ts";
import { ARP } from "./arp.ts";
import { DHCP } from "./dhcp.ts";
import { DHCPv6 } from "./dhcpv6.ts";
import { DNS, DNSOverTCP } from "./dns.ts";
import { Dot11, Radiotap } from "./dot11.ts";
import { ERSPAN2, ERSPAN3 } from "./erspan.ts";
import { Ethernet } from "./ethernet.ts";
import { CiscoHDLC, FrameRelay } from "./frame-relay.ts";
import { GENEVE } from "./geneve.ts";
import { GRE } from "./gre.ts";
import { GTPU } from "./gtp.ts";
import { HTTP } from "./http.ts";
import { ICMP } from "./icmp.ts";
import {
  ICMPv6,
  ICMPv6Echo,
  ICMPv6Error,
  MLD,
  MLDv2Report,
  NDRedirect,
  NeighborAdvertisement,
  NeighborSolicitation,
  RouterAdvertisement,
  RouterSolicitation,
} from "./icmpv6.ts";
import { IGMP } from "./igmp.ts";
import { IPoIB } from "./infiniband.ts";
import { IPv4 } from "./ipv4.ts";
import { IPv6 } from "./ipv6.ts";
import { AH, ESP, IPv6DestinationOptions, IPv6Fragment, IPv6HopByHop, IPv6Routing } from "./ipv6-extensions.ts";
import { SLL, SLL2 } from "./linux-cooked.ts";
import { SNAP } from "./llc.ts";
import { LLDP } from "./lldp.ts";
import { Loop, Null } from "./loopback.ts";
import { MPLS } from "./mpls.ts";
import { NTP } from "./ntp.ts";
import { PIM } from "./pim.ts";
import { PPP, PPPoE, PPPoEDiscovery } from "./ppp.ts";
import { RADIUS } from "./radius.ts";
import { RTP } from "./rtp.ts";
import { SCTP } from "./sctp.ts";
import { SIP } from "./sip.ts";
import { SNMP } from "./snmp.ts";
import { STP } from "./stp.ts";
import { Syslog } from "./syslog.ts";
import {
  etherTypes,
  icmpv6Types,
  ipProtocols,
  linkTypes,
  llcSaps,
  pppProtocols,
  tcpPorts,
  udpPorts,
} from "./tables.ts";
import { TCP } from "./tcp.ts";
import { TFTP } from "./tftp.ts";
import { UDP } from "./udp.ts";
import { VLAN } from "./vlan.ts";
import { VXLAN } from "./vxlan.ts";
import { WireGuard } from "./wireguard.ts";

/** What follows what: the one place that knows all layers. The first number of a layer is the one building writes. */
const bindings: readonly (readonly [NextTable, readonly (readonly [number, LayerType])[]])[] = [
  [
    linkTypes,
    [
      [LinkType.NULL, Null],
      [LinkType.ETHERNET, Ethernet],
      [LinkType.PPP, PPP],
      [LinkType.PPP_HDLC, PPP],
      [LinkType.PPP_ETHER, PPPoE],
      [LinkType.C_HDLC, CiscoHDLC],
      [LinkType.IEEE802_11, Dot11],
      [LinkType.FRELAY, FrameRelay],
      [LinkType.LOOP, Loop],
      [LinkType.LINUX_SLL, SLL],
      [LinkType.IEEE802_11_RADIOTAP, Radiotap],
      [LinkType.ARCNET_LINUX, ARCNET],
      [LinkType.IPV4, IPv4],
      [LinkType.IPV6, IPv6],
      [LinkType.IPOIB, IPoIB],
      [LinkType.LINUX_SLL2, SLL2],
    ],
  ],
  [
    etherTypes,
    [
      [0x0800, IPv4],
      [0x0806, ARP],
      [0x22eb, ERSPAN3],
      [0x6558, Ethernet],
      [0x8035, ARP],
      [0x8100, VLAN],
      [0x86dd, IPv6],
      [0x880b, PPP],
      [0x8847, MPLS],
      [0x8848, MPLS],
      [0x8863, PPPoEDiscovery],
      [0x8864, PPPoE],
      [0x88a8, VLAN],
      [0x88be, ERSPAN2],
      [0x88cc, LLDP],
      [0x9100, VLAN],
    ],
  ],
  [
    ipProtocols,
    [
      [0, IPv6HopByHop],
      [1, ICMP],
      [2, IGMP],
      [4, IPv4],
      [6, TCP],
      [17, UDP],
      [41, IPv6],
      [43, IPv6Routing],
      [44, IPv6Fragment],
      [47, GRE],
      [50, ESP],
      [51, AH],
      [58, ICMPv6],
      [60, IPv6DestinationOptions],
      [103, PIM],
      [132, SCTP],
      [143, Ethernet],
    ],
  ],
  [
    udpPorts,
    [
      [53, DNS],
      [67, DHCP],
      [68, DHCP],
      [69, TFTP],
      [123, NTP],
      [161, SNMP],
      [162, SNMP],
      [514, Syslog],
      [546, DHCPv6],
      [547, DHCPv6],
      [1645, RADIUS],
      [1646, RADIUS],
      [1812, RADIUS],
      [1813, RADIUS],
      [1900, HTTP],
      [2152, GTPU],
      [4754, GRE],
      [4789, VXLAN],
      [5004, RTP],
      [5060, SIP],
      [5353, DNS],
      [5355, DNS],
      [6081, GENEVE],
      [51820, WireGuard],
    ],
  ],
  [
    tcpPorts,
    [
      [53, DNSOverTCP],
      [5060, SIP],
    ],
  ],
  [
    pppProtocols,
    [
      [0x0021, IPv4],
      [0x0057, IPv6],
      [0x0281, MPLS],
    ],
  ],
  [
    llcSaps,
    [
      [0x06, IPv4],
      [0x42, STP],
      [0xaa, SNAP],
    ],
  ],
  [
    icmpv6Types,
    [
      [128, ICMPv6Echo],
      [129, ICMPv6Echo],
      [1, ICMPv6Error],
      [2, ICMPv6Error],
      [3, ICMPv6Error],
      [4, ICMPv6Error],
      [130, MLD],
      [131, MLD],
      [132, MLD],
      [133, RouterSolicitation],
      [134, RouterAdvertisement],
      [135, NeighborSolicitation],
      [136, NeighborAdvertisement],
      [137, NDRedirect],
      [143, MLDv2Report],
    ],
  ],
];

for (const [table, entries] of bindings) for (const [key, layer] of entries) table.bind(key, layer);

/** Link types of bare IP packets, whose version tells the layer: 101, and DLT_RAW as BSD and OpenBSD wrote it. */
const RAW = new Set<number>([LinkType.RAW, 12, 14]);

/** Id of the outermost layer of a packet at `offset`, 0 when it is unknown. */
export function firstLayerId(buffer: Uint8Array, offset: number, linkType: number): number {
  return linkTypes.idOf(linkType) || (RAW.has(linkType) ? (ipLayer(buffer[offset]!)?.id ?? 0) : 0);
}

/** IPv4 or IPv6 by the first byte of a header. */
function ipLayer(first: number): LayerType | undefined {
  return first >> 4 === 4 ? IPv4 : first >> 4 === 6 ? IPv6 : undefined;
}
