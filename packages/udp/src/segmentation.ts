/** Generic segmentation offload, UDP_SEGMENT of udp(7): what one call may hold, and who refuses. No I/O. */
import type { SocketError } from "@sockeye/socket-core";

/** Every kernel that segments takes so many segments in one call; UDP_MAX_SEGMENTS of newer ones is 128. */
export const MAX_SEGMENTS = 64;
/** The largest payload of IPv4 and IPv6: 65,535 bytes without the headers that count. */
export const MAX_PAYLOAD_IPV4 = 65_507;
export const MAX_PAYLOAD_IPV6 = 65_527;

/**
 * How many bytes one call may take: a whole number of segments, together no more than a datagram of either family may
 * have, because the kernel builds one before it divides it.
 */
export function bytesPerCall(segmentSize: number): number {
  return Math.max(1, Math.min(MAX_SEGMENTS, Math.floor(MAX_PAYLOAD_IPV4 / segmentSize))) * segmentSize;
}

/** The number of datagrams that a buffer makes. */
export function segmentCount(length: number, segmentSize: number): number {
  return Math.ceil(length / segmentSize);
}

/** The kernel does not know the option, or the route or the driver cannot: it will not next time either. */
const REFUSALS: ReadonlySet<string> = new Set(["EIO", "EINVAL", "ENOSYS", "ENOPROTOOPT", "EOPNOTSUPP"]);

/** Whether to stop asking for segments. */
export function refusesSegmentation(error: unknown): boolean {
  return REFUSALS.has((error as SocketError).code);
}

/**
 * Whether a segment is larger than the path's MTU. A datagram of its own would leave in fragments, so this is no
 * reason against smaller segments.
 */
export function exceedsPath(error: unknown): boolean {
  return (error as SocketError).code === "EMSGSIZE";
}
