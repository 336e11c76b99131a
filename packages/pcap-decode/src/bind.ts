import type { LayerType } from "./layer.ts";
import { Ethernet } from "./layers/ethernet.ts";
import { CiscoHDLC } from "./layers/frame-relay.ts";
import { GENEVE } from "./layers/geneve.ts";
import { GRE } from "./layers/gre.ts";
import { ICMPv6 } from "./layers/icmpv6.ts";
import { IPv4 } from "./layers/ipv4.ts";
import { IPv6 } from "./layers/ipv6.ts";
import { SLL, SLL2 } from "./layers/linux-cooked.ts";
import { LLC, SNAP } from "./layers/llc.ts";
import { PPP } from "./layers/ppp.ts";
import {
  etherTypes,
  icmpv6Types,
  ipProtocols,
  linkTypes,
  llcSaps,
  pppProtocols,
  tcpPorts,
  udpPorts,
} from "./layers/tables.ts";
import { TCP } from "./layers/tcp.ts";
import { UDP } from "./layers/udp.ts";
import { VLAN } from "./layers/vlan.ts";
import type { NextTable } from "./next-table.ts";
import { forgetWalk } from "./walk.ts";

/** Layers whose number says what is above them, with the table that says it. */
const tables: ReadonlyMap<LayerType, NextTable> = new Map<LayerType, NextTable>([
  [Ethernet, etherTypes],
  [VLAN, etherTypes],
  [SLL, etherTypes],
  [SLL2, etherTypes],
  [SNAP, etherTypes],
  [GRE, etherTypes],
  [GENEVE, etherTypes],
  [CiscoHDLC, etherTypes],
  [LLC, llcSaps],
  [IPv4, ipProtocols],
  [IPv6, ipProtocols],
  [UDP, udpPorts],
  [TCP, tcpPorts],
  [PPP, pppProtocols],
  [ICMPv6, icmpv6Types],
]);

/**
 * Makes `upper` follow `lower` for `number`: an EtherType, an IP protocol, a port of either side, … Layers that
 * share a number space share the binding. Throws an `InvalidValueError` when the number is another layer's.
 */
export function bindLayer(lower: LayerType, number: number, upper: LayerType): void {
  const table = tables.get(lower);
  if (table === undefined) {
    const known = [...tables.keys()].map((layer) => layer.name).join(", ");
    throw new RangeError(`bindLayer: ${lower.name} has no numbers to bind; these have: ${known}`);
  }
  table.bind(number, upper);
  forgetWalk();
}

/** Makes `layer` the outermost layer of captures of `linkType`. */
export function bindLinkType(linkType: number, layer: LayerType): void {
  linkTypes.bind(linkType, layer);
  forgetWalk();
}
