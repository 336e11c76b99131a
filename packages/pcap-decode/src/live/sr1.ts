import { Stack } from "../build/stack.ts";
import { LinkType } from "../container/interface.ts";
import { checkInteger, InvalidValueError } from "../errors.ts";
import { Packet } from "../packet.ts";
import { bytesOf, findInterface, frameSocket, type Sendable } from "./inject.ts";
import { Prober } from "./prober.ts";
import { routeTo } from "./route.ts";
import { IPSender, ipPacket } from "./send.ts";
import { sniff } from "./sniff.ts";

/** How `sr1` waits. */
export interface SendReceiveOptions {
  /** Milliseconds that each try waits. Default 2,000. */
  readonly timeout?: number;
  /** How often it is sent again when no answer came. Default 0. */
  readonly retries?: number;
  /** Which packets are looked at: a pcap-filter(7) expression. Default: those from and to the destination, and ICMP. */
  readonly filter?: string;
  /** Where to send a frame, which it needs; an IP packet goes by its route. */
  readonly interface?: string | number;
  /** Rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

const MAX_TIMEOUT = 2 ** 31 - 1;
const MAX_RETRIES = 1000;

/**
 * Sends a packet and resolves to the first that answers it, undefined when none does: an echo reply, the segment or
 * datagram that comes back, an ARP reply, an ICMP error that quotes it (see `answers`). A packet that starts with IPv4
 * or IPv6 is sent as `send` does it (scapy's sr1), another as `inject` does it on `interface` (srp1).
 *
 * Rejects as `send`, `inject` and `sniff` do.
 */
export async function sr1(packet: Sendable, options: SendReceiveOptions = {}): Promise<Packet | undefined> {
  const timeout = checkInteger("timeout", options.timeout ?? 2000, 1, MAX_TIMEOUT);
  const retries = checkInteger("retries", options.retries ?? 0, 0, MAX_RETRIES);
  const { signal } = options;
  using way = isFrame(packet) ? frameWay(packet, options) : ipWay(packet, options);
  await using prober = new Prober(sniff({ interface: way.interface, filter: options.filter ?? way.filter }));
  for (let i = 0; i <= retries; i++) {
    const { answer } = await prober.exchange(way.request, () => way.transmit(), timeout, signal);
    if (answer !== undefined) return answer;
  }
  return undefined;
}

/** How a packet is sent, and where answers are looked for. */
interface Way extends Disposable {
  readonly request: Packet;
  readonly interface: string;
  readonly filter: string;
  transmit(): Promise<unknown>;
}

function isFrame(packet: Sendable): boolean {
  if (packet instanceof Uint8Array) return false;
  return packet instanceof Stack || packet instanceof Packet ? packet.linkType === LinkType.ETHERNET : false;
}

function frameWay(packet: Sendable, options: SendReceiveOptions): Way {
  if (options.interface === undefined) throw new InvalidValueError("interface", undefined, "where to send the frame");
  const { name, index, linkType } = findInterface(options.interface);
  const bytes = bytesOf(packet);
  const socket = frameSocket();
  return {
    request: Packet.from(bytes, { linkType }),
    interface: name,
    filter: "",
    transmit: () => socket.sendto(bytes, { interface: index, protocol: 0 }, { signal: options.signal }),
    [Symbol.dispose]: () => socket.close(),
  };
}

function ipWay(packet: Sendable, options: SendReceiveOptions): Way {
  const prepared = ipPacket(packet);
  const { destination } = prepared;
  const sender = new IPSender();
  return {
    request: Packet.from(prepared.bytes, { linkType: LinkType.RAW }),
    interface:
      options.interface === undefined ? routeTo(destination).interface.name : findInterface(options.interface).name,
    filter: answerFilter(destination),
    transmit: () => sender.send(prepared, options.signal),
    [Symbol.dispose]: () => sender[Symbol.dispose](),
  };
}

/** Lets pass what may answer a packet to `destination`: errors come from routers on the way. */
export function answerFilter(destination: string): string {
  if (destination.includes(":")) return destination.startsWith("ff") ? "ip6" : `ip6 host ${destination} or icmp6`;
  const first = Number.parseInt(destination, 10);
  return first >= 224 ? "ip" : `ip host ${destination} or icmp`;
}
