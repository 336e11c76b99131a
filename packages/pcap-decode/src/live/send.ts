import { AF_INET, AF_INET6, type Socket } from "@sockeye/socket-core";
import { formatIPv4, formatIPv6 } from "../address.ts";
import { Stack } from "../build/stack.ts";
import { LinkType } from "../container/interface.ts";
import { InvalidValueError } from "../errors.ts";
import { IPv4 } from "../layers/ipv4.ts";
import { IPv6 } from "../layers/ipv6.ts";
import { Packet } from "../packet.ts";
import { bytesOf, type Sendable } from "./inject.ts";
import { rawSocket } from "./rights.ts";
import { routeTo } from "./route.ts";

/** An IP packet and where it goes. */
export interface IPPacket {
  readonly family: number;
  readonly bytes: Uint8Array;
  readonly destination: string;
}

/**
 * The bytes of a packet that starts with IPv4 or IPv6. A stack without a source address gets the one that this system
 * has on the way to the destination. Throws InvalidValueError.
 */
export function ipPacket(packet: Sendable): IPPacket {
  const bytes = bytesOf(packet instanceof Stack ? withSource(packet) : packet);
  const version = bytes.length === 0 ? 0 : bytes[0]! >> 4;
  if (packet instanceof Packet && packet.linkType === LinkType.ETHERNET) {
    throw new InvalidValueError("packet", packet, "one that starts with IPv4 or IPv6; inject sends frames");
  }
  if (version === 4 && bytes.length >= 20) return { family: AF_INET, bytes, destination: formatIPv4(bytes, 16) };
  if (version === 6 && bytes.length >= 40) return { family: AF_INET6, bytes, destination: formatIPv6(bytes, 24) };
  throw new InvalidValueError("packet", packet, "one that starts with IPv4 or IPv6; inject sends frames");
}

function withSource(packet: Stack): Stack {
  const [first, ...rest] = packet.layers;
  if (first === undefined || (first.layer !== IPv4 && first.layer !== IPv6)) return packet;
  const { src, dst } = first.values as { src?: string; dst?: string };
  if (src !== undefined || dst === undefined) return packet;
  const { source } = routeTo(dst);
  return new Stack([{ ...first, values: { ...first.values, src: source } }, ...rest], packet.payload);
}

/** Sends IP packets by the kernel's routes, as long as it is open. */
export class IPSender {
  readonly #sockets = new Map<number, Socket>();

  async send({ family, bytes, destination }: IPPacket, signal?: AbortSignal): Promise<void> {
    let socket = this.#sockets.get(family);
    if (socket === undefined) {
      socket = rawSocket(family, "Sending IP packets");
      this.#sockets.set(family, socket);
    }
    await socket.sendto(bytes, { address: destination, port: 0 }, { signal });
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets.values()) socket.close();
  }
}

/**
 * Sends a packet that starts with IPv4 or IPv6; the kernel finds the interface and the link header (scapy's send). In a
 * stack, a source address that is not given is that of this system on the way there. The kernel sets the checksum of
 * the IPv4 header, and its id where that is 0.
 *
 * Rejects with an InvalidValueError for what is no IP packet, a MissingCapabilityError without CAP_NET_RAW, and a
 * SocketError: ENETUNREACH, EMSGSIZE for a packet longer than the interface takes (`fragment` it).
 */
export async function send(packet: Sendable, options: { readonly signal?: AbortSignal } = {}): Promise<void> {
  const prepared = ipPacket(packet);
  using sender = new IPSender();
  await sender.send(prepared, options.signal);
}
