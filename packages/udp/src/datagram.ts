/** What goes in and out of an endpoint. */
import type { Address, Ancillary, ExtendedError } from "@sockeye/socket-core";
import type { Batch } from "./batch.ts";

/** A received datagram. */
export interface Datagram {
  /** Its payload, in memory of its own. */
  data: Buffer;
  /** The sender. */
  from: Address;
  /** Where it was sent to, with `packetInfo`. */
  to?: string;
  /** The number of the interface that it came in on, with `packetInfo`. */
  interface?: number;
  /** What is left of its time to live (hop limit), with `packetInfo`. */
  ttl?: number;
  /** The two bits of RFC 3168, with `ecn`: 0 not capable, 1 and 2 capable, 3 congestion experienced. */
  ecn?: number;
  /** When the kernel received it, in nanoseconds since 1970, with `timestamps`. */
  timestamp?: bigint;
  /** It was longer than `maxDatagramSize`, and is cut. Absent otherwise. */
  truncated?: true;
}

/** A datagram to send. */
export interface Outgoing {
  /** Text leaves as UTF-8. */
  data: string | Uint8Array;
  /** Where to. Default: the peer of a connected endpoint. */
  to?: Address;
}

/** One entry of the error queue. */
export interface DatagramError extends ExtendedError {
  /** The errno by its name, such as `"ECONNREFUSED"`. */
  name: string;
  /** The payload that caused it, as far as the kernel kept it. */
  datagram: Buffer;
  /** Where that was sent to. */
  to: Address;
}

/** ECN is the lower two bits of the octet, RFC 3168 section 5. */
const ECN_MASK = 3;

/** A datagram of a batch, copied. */
export function datagramOf(batch: Batch, index: number, metadata: boolean): Datagram {
  const start = batch.offset(index);
  const size = batch.size(index);
  const data = Buffer.allocUnsafe(size);
  batch.bytes.copy(data, 0, start, start + size);
  const datagram: Datagram = { data, from: batch.from(index) };
  if (batch.truncated(index)) datagram.truncated = true;
  if (metadata) describe(datagram, batch.ancillary(index));
  return datagram;
}

function describe(datagram: Datagram, { packetInfo, ttl, tos, timestamp }: Ancillary): void {
  if (packetInfo !== undefined) {
    datagram.to = packetInfo.address;
    datagram.interface = packetInfo.interface;
  }
  if (ttl !== undefined) datagram.ttl = ttl;
  if (tos !== undefined) datagram.ecn = tos & ECN_MASK;
  if (timestamp !== undefined) datagram.timestamp = timestamp;
}
