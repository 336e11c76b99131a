import { toHex } from "../hex.ts";
import { type LayerType, layerById } from "../layer.ts";
import { GTPU } from "../layers/gtp.ts";
import { ICMP } from "../layers/icmp.ts";
import { ICMPv6 } from "../layers/icmpv6.ts";
import { IPv4 } from "../layers/ipv4.ts";
import { IPv6 } from "../layers/ipv6.ts";
import { IPv6Fragment } from "../layers/ipv6-extensions.ts";
import { PPPoE } from "../layers/ppp.ts";
import { UDP } from "../layers/udp.ts";
import type { Packet } from "../packet.ts";
import { SLOT_SIZE } from "../step.ts";
import { slots, state, walk } from "../walk.ts";

/** A fragment in a packet. Offsets are from the packet's start, except `from`, which is into its buffer. */
export interface Fragment {
  /** Version, addresses, identification, and for IPv4 the protocol: what the fragments of a datagram share. */
  key: string;
  version: 4 | 6;
  /** The IP header. */
  ip: number;
  /** Bytes of the packet before the fragment's payload, without an IPv6 fragment header. */
  headLength: number;
  /** Byte that gets `nextHeader` when the fragment header goes; IPv6 only. */
  nextHeaderAt: number;
  nextHeader: number;
  /** The payload's place in the datagram, and in the buffer. */
  start: number;
  from: number;
  length: number;
  more: boolean;
  /** Whether the capture has all of it. */
  whole: boolean;
  /** Length fields of the headers around the IP header, which grow when the datagram is whole. */
  around: readonly OuterLength[];
}

/** A 16-bit length field of a header around a fragmented datagram, and the IPv4 header whose checksum covers it. */
export interface OuterLength {
  readonly at: number;
  readonly checksummed: number | undefined;
}

const nothing: readonly OuterLength[] = [];
/** Where headers that can lie around an IP header have their length. */
const lengthAt = new Map<LayerType, number>([
  [IPv4, 2],
  [IPv6, 4],
  [UDP, 4],
  [PPPoE, 4],
  [GTPU, 2],
]);

/** The result of the last `findFragment`. */
export const fragment: Fragment = {
  key: "",
  version: 4,
  ip: 0,
  headLength: 0,
  nextHeaderAt: 0,
  nextHeader: 0,
  start: 0,
  from: 0,
  length: 0,
  more: false,
  whole: true,
  around: nothing,
};

/** The walk that the last answer belongs to, and that answer. */
let soughtIn = 0;
let found = false;

/** Fills `fragment` with the outermost fragment in `packet`; false when there is none. */
export function findFragment(packet: Packet): boolean {
  walk(packet, 0, 0, false);
  if (soughtIn !== state.walk) {
    soughtIn = state.walk;
    found = seek(packet);
  }
  return found;
}

function seek(packet: Packet): boolean {
  const { buffer: b, offset } = packet;
  let ip = -1;
  for (let at = 0; at < state.top; at += SLOT_SIZE) {
    const id = slots[at]!;
    const start = offset + slots[at + 1]!;
    if (id === IPv4.id) {
      const bits = (b[start + 6]! << 8) | b[start + 7]!;
      if ((bits & 0x3fff) !== 0) {
        fragment.around = around(packet, start);
        return fillIPv4(packet, start, bits);
      }
    } else if (id === IPv6.id) ip = start;
    else if (id === IPv6Fragment.id && ip >= 0) {
      const bits = (b[start + 2]! << 8) | b[start + 3]!;
      // An atomic fragment is whole by itself (RFC 6946).
      if ((bits & 0xfff9) !== 0) {
        fragment.around = around(packet, ip);
        return fillIPv6(packet, ip, start, bits);
      }
      // A quoted packet is not ours to complete.
    } else if (id === ICMP.id || id === ICMPv6.id) return false;
  }
  return false;
}

/** Length fields of the headers of the last walk that lie before `ip`. */
function around({ offset }: Packet, ip: number): readonly OuterLength[] {
  const lengths: OuterLength[] = [];
  for (let at = 0; at < state.top; at += SLOT_SIZE) {
    const layer = layerById[slots[at]!]!;
    const start = slots[at + 1]!;
    if (start >= ip - offset) break;
    const field = lengthAt.get(layer);
    if (field !== undefined)
      lengths.push({ at: start + field, checksummed: layer === (IPv4 as LayerType) ? start : undefined });
  }
  return lengths;
}

function fillIPv4({ buffer: b, offset, capturedLength }: Packet, ip: number, bits: number): boolean {
  const header = (b[ip]! & 15) * 4;
  const total = (b[ip + 2]! << 8) | b[ip + 3]!;
  if (header < 20 || total < header || ip + header > offset + capturedLength) return false;
  fragment.version = 4;
  fragment.key = `4${toHex(b, ip + 12, ip + 20)}${toHex(b, ip + 4, ip + 6)}${toHex(b, ip + 9, ip + 10)}`;
  fragment.ip = ip - offset;
  fragment.headLength = ip - offset + header;
  fragment.start = (bits & 0x1fff) * 8;
  fragment.from = ip + header;
  fragment.length = total - header;
  fragment.more = (bits & 0x2000) !== 0;
  fragment.whole = ip + total <= offset + capturedLength;
  return true;
}

function fillIPv6({ buffer: b, offset, capturedLength }: Packet, ip: number, at: number, bits: number): boolean {
  const end = ip + 40 + ((b[ip + 4]! << 8) | b[ip + 5]!);
  if (end < at + 8) return false;
  fragment.version = 6;
  fragment.key = `6${toHex(b, ip + 8, ip + 40)}${toHex(b, at + 4, at + 8)}`;
  fragment.ip = ip - offset;
  fragment.headLength = at - offset;
  fragment.nextHeader = b[at]!;
  fragment.nextHeaderAt = previousNextHeader(b, ip, at) - offset;
  fragment.start = bits & 0xfff8;
  fragment.from = at + 8;
  fragment.length = end - at - 8;
  fragment.more = (bits & 1) !== 0;
  fragment.whole = end <= offset + capturedLength;
  return true;
}

/** Where the header before the fragment header names it. */
function previousNextHeader(b: Uint8Array, ip: number, target: number): number {
  let field = ip + 6;
  let at = ip + 40;
  // Headers before a fragment header are hop-by-hop, destination options and routing: all count in eights.
  while (at < target) {
    field = at;
    at += (b[at + 1]! + 1) * 8;
  }
  return field;
}
