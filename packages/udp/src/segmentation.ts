/** Generic segmentation offload, UDP_SEGMENT of udp(7): what one call may hold, and how more is divided. No I/O. */

/** The kernel takes at most so many segments in one call (UDP_MAX_SEGMENTS of older kernels). */
export const MAX_SEGMENTS = 64;
/** … and no more bytes than the largest datagram: 65,535 minus the IP and UDP headers. */
export const MAX_BYTES_IPV4 = 65_507;
export const MAX_BYTES_IPV6 = 65_527;

/** A part of a buffer that leaves in one call. */
export interface Run {
  start: number;
  end: number;
}

/** How many bytes one call may take, a whole number of segments. */
export function bytesPerCall(segmentSize: number, maxBytes: number): number {
  return Math.max(1, Math.min(MAX_SEGMENTS, Math.floor(maxBytes / segmentSize))) * segmentSize;
}

/** The number of datagrams that a buffer makes. */
export function segmentCount(length: number, segmentSize: number): number {
  return Math.ceil(length / segmentSize);
}
