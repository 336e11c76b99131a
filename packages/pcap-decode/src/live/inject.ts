import { SOCK_RAW, type Socket } from "@sockeye/socket-core";
import { Stack } from "../build/stack.ts";
import { InvalidValueError } from "../errors.ts";
import { Packet } from "../packet.ts";
import { interfaces, type NetworkInterface } from "./interfaces.ts";
import { packetSocket } from "./rights.ts";

/** A packet to send: a stack to build, a packet that was captured, or its bytes. */
export type Sendable = Stack | Packet | Uint8Array;

/** Most frames of one `inject`. */
const MAX_FRAMES = 1_000_000;

/** The bytes of a packet to send. Throws InvalidValueError. */
export function bytesOf(packet: Sendable): Uint8Array {
  if (packet instanceof Uint8Array) return packet;
  if (packet instanceof Packet) return packet.bytes;
  if (packet instanceof Stack) return packet.bytes();
  throw new InvalidValueError("packet", packet, "stack(…), a Packet or a Uint8Array");
}

/** The interface with a name or number. Throws an InvalidValueError that names those there are. */
export function findInterface(wanted: string | number): NetworkInterface {
  const all = interfaces();
  const found = all.find(({ name, index }) => wanted === name || wanted === index);
  if (found !== undefined) return found;
  throw new InvalidValueError("interface", wanted, `one of ${all.map(({ name }) => name).join(", ")}`);
}

/** Opens a socket that sends frames; `inject` is for a few of them. */
export function frameSocket(): Socket {
  return packetSocket(SOCK_RAW, "Sending frames");
}

/**
 * Sends frames on an interface as they are, link header included (scapy's sendp): one, or several in order. Resolves
 * to how many when the kernel has them all.
 *
 * Rejects with an InvalidValueError for an interface that is not there, a MissingCapabilityError without CAP_NET_RAW,
 * and a SocketError: ENETDOWN, EMSGSIZE for a frame longer than the interface takes.
 */
export async function inject(
  interfaceName: string | number,
  frames: Sendable | Iterable<Sendable>,
  options: { readonly signal?: AbortSignal } = {},
): Promise<number> {
  const { index } = findInterface(interfaceName);
  const list = frames instanceof Uint8Array || frames instanceof Packet || frames instanceof Stack ? [frames] : frames;
  using socket = frameSocket();
  let sent = 0;
  for (const frame of list) {
    if (sent === MAX_FRAMES) throw new InvalidValueError("frames", sent, `at most ${MAX_FRAMES} of them`);
    await socket.sendto(bytesOf(frame), { interface: index, protocol: 0 }, options);
    sent++;
  }
  return sent;
}
