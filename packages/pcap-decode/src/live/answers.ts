import type { LayerView } from "../layer.ts";
import { ARP } from "../layers/arp.ts";
import { DNS } from "../layers/dns.ts";
import { ICMP } from "../layers/icmp.ts";
import { ICMPv6, ICMPv6Echo, ICMPv6Error, NeighborAdvertisement, NeighborSolicitation } from "../layers/icmpv6.ts";
import { IPv4 } from "../layers/ipv4.ts";
import { IPv6 } from "../layers/ipv6.ts";
import { TCP, TCPFlags } from "../layers/tcp.ts";
import { UDP } from "../layers/udp.ts";
import type { Packet } from "../packet.ts";

/** Requests of ICMP and the types that answer them: echo, timestamp, address mask (RFC 792, RFC 950). */
const icmpReplies: ReadonlyMap<number, number> = new Map([
  [8, 0],
  [13, 14],
  [17, 18],
]);
const ICMPV6_ECHO = 128;
const ICMPV6_REPLY = 129;
/** ICMPv6 types below this are errors (RFC 4443 section 2.1). */
const ICMPV6_INFORMATIONAL = 128;
const ICMP_PROTOCOL = 1;
const TCP_PROTOCOL = 6;
const UDP_PROTOCOL = 17;
const ICMPV6_PROTOCOL = 58;

/** What IPv4 and IPv6 have in common here. */
interface Network {
  readonly src: string;
  readonly dst: string;
  readonly protocol: number;
  readonly payload: Uint8Array;
}

/**
 * Whether a packet answers another: an echo reply with its id and sequence, a segment with its ports that acknowledges
 * it or resets, a datagram with its ports (and its DNS id), an ARP reply or neighbour advertisement for its target, or
 * an ICMP error that quotes it. Link layers do not matter.
 */
export function answers(answer: Packet, request: Packet): boolean {
  const asked = request.get(ARP);
  if (asked !== undefined) {
    const reply = answer.get(ARP);
    return asked.op === 1 && reply?.op === 2 && reply.psrc === asked.pdst && reply.pdst === asked.psrc;
  }
  const sent = network(request, 0);
  const got = network(answer, 0);
  if (sent === undefined || got === undefined) return false;
  const solicited = request.get(NeighborSolicitation);
  if (solicited !== undefined) return answer.get(NeighborAdvertisement)?.target === solicited.target;
  const isError =
    ((answer.get(ICMPv6)?.type ?? ICMPV6_INFORMATIONAL) < ICMPV6_INFORMATIONAL && answer.has(ICMPv6Error)) ||
    (answer.has(ICMP) && answer.get(IPv4, 1) !== undefined);
  if (isError) {
    const quoted = network(answer, 1);
    return quoted !== undefined && isQuote(quoted, sent);
  }
  if (got.dst !== sent.src || (got.src !== sent.dst && !isGroup(sent.dst)) || got.protocol !== sent.protocol)
    return false;
  if (sent.protocol === TCP_PROTOCOL) return answersSegment(answer.get(TCP), request.get(TCP));
  if (sent.protocol === UDP_PROTOCOL) return answersDatagram(answer, request);
  if (sent.protocol === ICMP_PROTOCOL) {
    const [a, b] = [answer.get(ICMP), request.get(ICMP)];
    if (a === undefined || b === undefined) return false;
    return icmpReplies.get(b.type) === a.type && a.id === b.id && a.sequence === b.sequence;
  }
  if (sent.protocol === ICMPV6_PROTOCOL) {
    const [a, b] = [answer.get(ICMPv6Echo), request.get(ICMPv6Echo)];
    if (request.get(ICMPv6)?.type !== ICMPV6_ECHO || answer.get(ICMPv6)?.type !== ICMPV6_REPLY) return false;
    return a !== undefined && a.id === b?.id && a.sequence === b.sequence;
  }
  return true;
}

/** The nth IP layer. */
function network(packet: Packet, nth: number): Network | undefined {
  const v4 = packet.get(IPv4, nth);
  if (v4 !== undefined) return { src: v4.src, dst: v4.dst, protocol: v4.protocol, payload: v4.payload };
  const v6 = packet.get(IPv6, nth);
  if (v6 === undefined) return undefined;
  return { src: v6.src, dst: v6.dst, protocol: v6.nextHeader, payload: v6.payload };
}

/**
 * An error quotes the header and at least eight bytes behind it (RFC 792). Ports, sequence numbers and ids are the same
 * in them; checksums need not be, behind address translation.
 */
function isQuote(quoted: Network, sent: Network): boolean {
  if (quoted.src !== sent.src || quoted.dst !== sent.dst || quoted.protocol !== sent.protocol) return false;
  const [from, to] = identity(sent.protocol);
  if (quoted.payload.length < to || sent.payload.length < to) return quoted.payload.length >= sent.payload.length;
  for (let i = from; i < to; i++) if (quoted.payload[i] !== sent.payload[i]) return false;
  return true;
}

/** Which of the first eight bytes of a protocol's header tell one packet from another. */
function identity(protocol: number): readonly [from: number, to: number] {
  if (protocol === TCP_PROTOCOL) return [0, 8];
  if (protocol === UDP_PROTOCOL) return [0, 4];
  return protocol === ICMP_PROTOCOL || protocol === ICMPV6_PROTOCOL ? [4, 8] : [0, 0];
}

/** Multicast and broadcast addresses: who answers has another. */
function isGroup(address: string): boolean {
  if (address.includes(":")) return address.startsWith("ff");
  const first = Number.parseInt(address, 10);
  return (first >= 224 && first < 240) || address === "255.255.255.255";
}

type Segment = LayerView & {
  readonly sport: number;
  readonly dport: number;
  readonly seq: number;
  readonly ack: number;
  readonly flags: number;
};

/** RFC 9293 section 3.10.7: what acknowledges something of the segment, or the reset for one that cannot be. */
function answersSegment(answer: Segment | undefined, sent: Segment | undefined): boolean {
  if (answer === undefined || sent === undefined) return false;
  if (answer.sport !== sent.dport || answer.dport !== sent.sport) return false;
  const { flags } = sent;
  const length = sent.payload.length + (flags & TCPFlags.SYN ? 1 : 0) + (flags & TCPFlags.FIN ? 1 : 0);
  if ((answer.flags & TCPFlags.ACK) === 0) return (answer.flags & TCPFlags.RST) !== 0 && answer.seq === sent.ack;
  const acknowledged = (answer.ack - sent.seq) >>> 0;
  return acknowledged <= length && (length === 0 || acknowledged > 0);
}

function answersDatagram(answer: Packet, request: Packet): boolean {
  const [a, b] = [answer.get(UDP), request.get(UDP)];
  if (a === undefined || b === undefined || a.sport !== b.dport || a.dport !== b.sport) return false;
  const question = request.get(DNS);
  if (question === undefined) return true;
  const reply = answer.get(DNS);
  return reply?.response === 1 && reply.id === question.id;
}
