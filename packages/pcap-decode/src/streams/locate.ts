import { layerById } from "../layer.ts";
import { Ethernet } from "../layers/ethernet.ts";
import { ICMP } from "../layers/icmp.ts";
import { ICMPv6 } from "../layers/icmpv6.ts";
import { IPv4 } from "../layers/ipv4.ts";
import { IPv6 } from "../layers/ipv6.ts";
import { AH, IPv6DestinationOptions, IPv6Fragment, IPv6HopByHop, IPv6Routing } from "../layers/ipv6-extensions.ts";
import { SCTP } from "../layers/sctp.ts";
import { TCP } from "../layers/tcp.ts";
import { UDP } from "../layers/udp.ts";
import type { Packet } from "../packet.ts";
import { SLOT_SIZE } from "../step.ts";
import { slots, state, walk } from "../walk.ts";

/** IANA protocol numbers that streams and flows treat in their own way. */
export const Protocol = { ICMP: 1, TCP: 6, UDP: 17, ICMPV6: 58, SCTP: 132 } as const;

/**
 * Where the headers are that flows are about: of the innermost IP packet, outside of what an ICMP error quotes.
 * Offsets are into the packet's `buffer`; -1 where there is none. Valid until the next `locate`.
 */
export interface Located {
  /** IPv4 or IPv6 header. */
  ip: number;
  /** 4, 6, or 0 without an IP header. */
  version: number;
  /** IANA number of what the IP packet carries, behind extension headers. */
  protocol: number;
  /** Header of the protocol: TCP, UDP, SCTP, ICMP or ICMPv6. */
  transport: number;
  /** Where the captured bytes of the IP packet end. */
  end: number;
  /** Where they ended on the wire: past `end` where the capture cut the packet. */
  wireEnd: number;
  /** All Ethernet headers and all IP headers, outermost first. */
  readonly ethernets: number[];
  readonly ips: number[];
}

/** The result of the last `locate`: one object for all packets, as `locate` runs for each of them. */
export const located: Located = {
  ip: -1,
  version: 0,
  protocol: -1,
  transport: -1,
  end: 0,
  wireEnd: 0,
  ethernets: [],
  ips: [],
};

const OTHER = 0;
const ETHERNET = 1;
const IPV4 = 2;
const IPV6 = 3;
const EXTENSION = 4;
const TRANSPORT = 5;
const ERROR = 6;

/** What each layer is to `locate`, by layer id, and the protocol number of a transport. */
let kinds = new Uint8Array(0);
let protocols = new Uint8Array(0);

/** The walk that `located` belongs to: trackers that take the same packet one after the other look for its headers once. */
let locatedIn = 0;

function fillKinds(): void {
  locatedIn = 0;
  kinds = new Uint8Array(layerById.length);
  protocols = new Uint8Array(layerById.length);
  kinds[Ethernet.id] = ETHERNET;
  kinds[IPv4.id] = IPV4;
  kinds[IPv6.id] = IPV6;
  for (const { id } of [IPv6HopByHop, IPv6DestinationOptions, IPv6Routing, IPv6Fragment, AH]) kinds[id] = EXTENSION;
  const transports = [
    [TCP.id, TRANSPORT, Protocol.TCP],
    [UDP.id, TRANSPORT, Protocol.UDP],
    [SCTP.id, TRANSPORT, Protocol.SCTP],
    [ICMP.id, ERROR, Protocol.ICMP],
    [ICMPv6.id, ERROR, Protocol.ICMPV6],
  ] as const;
  for (const [id, kind, protocol] of transports) {
    kinds[id] = kind;
    protocols[id] = protocol;
  }
}

/** Fills `located` for `packet`; false when it holds no IP packet. */
export function locate(packet: Packet): boolean {
  const { buffer, offset } = packet;
  if (kinds.length !== layerById.length) fillKinds();
  walk(packet, 0, 0, false);
  if (locatedIn === state.walk) return located.ip >= 0;
  locatedIn = state.walk;
  const { ethernets, ips } = located;
  ethernets.length = 0;
  ips.length = 0;
  located.ip = -1;
  located.version = 0;
  located.protocol = -1;
  located.transport = -1;
  let ipEnd = 0;
  for (let at = 0; at < state.top; at += SLOT_SIZE) {
    const id = slots[at]!;
    const kind = kinds[id]!;
    if (kind === OTHER) continue;
    const start = offset + slots[at + 1]!;
    if (kind === ETHERNET) ethernets.push(start);
    else if (kind === IPV4 || kind === IPV6) {
      ips.push(start);
      located.ip = start;
      located.version = kind === IPV4 ? 4 : 6;
      located.protocol = buffer[start + (kind === IPV4 ? 9 : 6)]!;
      located.transport = -1;
      ipEnd = located.end = offset + slots[at + 2]!;
    } else if (kind === EXTENSION) {
      if (located.ip >= 0 && located.transport < 0) located.protocol = buffer[start]!;
    } else if (located.ip >= 0) {
      located.transport = start;
      located.protocol = protocols[id]!;
      located.end = offset + slots[at + 2]!;
      // What an ICMP error quotes belongs to another packet.
      if (kind === ERROR) break;
    }
  }
  if (located.ip < 0) return false;
  located.wireEnd = wireEnd(packet, ipEnd);
  return true;
}

/**
 * The end by the IP header's length, within what the layer below left to it; where that reaches the end of what was
 * captured, within what was on the wire. A length of 0 says nothing: the segments of an offload have it.
 */
function wireEnd({ buffer, offset, capturedLength, originalLength }: Packet, ipEnd: number): number {
  const { ip, version } = located;
  const at = ip + (version === 4 ? 2 : 4);
  const length = (buffer[at]! << 8) | buffer[at + 1]!;
  const wire = ipEnd < offset + capturedLength ? ipEnd : offset + originalLength;
  const end = length === 0 ? wire : Math.min(wire, ip + length + (version === 4 ? 0 : 40));
  return Math.max(end, located.end);
}
