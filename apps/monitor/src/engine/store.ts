/** The packets that are kept: bytes in large pieces, numbers in typed arrays, no object a packet. */
import { Packet } from "@sockeye/pcap-decode";

/** How much is kept; what is older is dropped. */
export interface StoreLimits {
  /** Most packets. */
  readonly maxPackets: number;
  /** Most bytes of memory for packets and their index. */
  readonly maxBytes: number;
}

export const DEFAULT_LIMITS: StoreLimits = { maxPackets: 2_000_000, maxBytes: 1024 * 1024 * 1024 };

/** Bytes and packets of a segment: a drop forgets a whole one, so it is small against the limits. */
const SEGMENT_BYTES = 2 * 1024 * 1024;
const SEGMENT_PACKETS = 16_384;
/** Bytes that the index takes for a packet. */
const INDEX_BYTES = 4 + 4 + 4 + 8 + 4 + 2;

interface Segment {
  /** Number of its first packet. */
  readonly first: number;
  count: number;
  used: number;
  readonly bytes: Uint8Array;
  readonly offset: Uint32Array;
  readonly captured: Uint32Array;
  readonly original: Uint32Array;
  readonly seconds: Float64Array;
  readonly nanoseconds: Uint32Array;
  readonly linkType: Uint16Array;
}

/** Packets by number: `first` is the oldest that is kept, `end` the number that the next one gets. */
export class PacketStore {
  readonly limits: StoreLimits;
  #segments: Segment[] = [];
  #bytes = 0;
  #end = 0;

  constructor(limits: StoreLimits = DEFAULT_LIMITS) {
    this.limits = limits;
  }

  get first(): number {
    return this.#segments[0]?.first ?? this.#end;
  }
  get end(): number {
    return this.#end;
  }
  /** Packets that are kept. */
  get count(): number {
    return this.#end - this.first;
  }
  /** Memory in use. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Copies a packet in; drops the oldest ones when there is no room. */
  append(packet: Packet): void {
    const { buffer, offset, capturedLength } = packet;
    let segment = this.#segments.at(-1);
    if (
      segment === undefined ||
      segment.count === SEGMENT_PACKETS ||
      segment.bytes.length - segment.used < capturedLength
    ) {
      segment = this.#grow(capturedLength);
    }
    const at = segment.count++;
    segment.offset[at] = segment.used;
    segment.captured[at] = capturedLength;
    segment.original[at] = packet.originalLength;
    segment.seconds[at] = packet.seconds;
    segment.nanoseconds[at] = packet.nanoseconds;
    segment.linkType[at] = packet.linkType;
    segment.bytes.set(buffer.subarray(offset, offset + capturedLength), segment.used);
    segment.used += capturedLength;
    this.#end++;
    if (this.#end - this.#segments[0]!.first > this.limits.maxPackets) this.#drop();
  }

  /** The packet `number`, over the store's memory; `undefined` when it is not kept. */
  packet(number: number): Packet | undefined {
    const segment = this.#find(number);
    if (segment === undefined) return undefined;
    const at = number - segment.first;
    return new Packet(
      segment.bytes,
      segment.offset[at]!,
      segment.captured[at]!,
      segment.original[at]!,
      segment.linkType[at]!,
      segment.seconds[at]!,
      segment.nanoseconds[at]!,
    );
  }

  #find(number: number): Segment | undefined {
    if (!(number >= this.first && number < this.#end)) return undefined;
    let low = 0;
    let high = this.#segments.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#segments[middle]!.first <= number) low = middle;
      else high = middle - 1;
    }
    return this.#segments[low];
  }

  #grow(needed: number): Segment {
    const size = Math.max(SEGMENT_BYTES, needed);
    const segment: Segment = {
      first: this.#end,
      count: 0,
      used: 0,
      bytes: new Uint8Array(size),
      offset: new Uint32Array(SEGMENT_PACKETS),
      captured: new Uint32Array(SEGMENT_PACKETS),
      original: new Uint32Array(SEGMENT_PACKETS),
      seconds: new Float64Array(SEGMENT_PACKETS),
      nanoseconds: new Uint32Array(SEGMENT_PACKETS),
      linkType: new Uint16Array(SEGMENT_PACKETS),
    };
    this.#segments.push(segment);
    this.#bytes += footprint(segment);
    while (this.#bytes > this.limits.maxBytes && this.#segments.length > 1) this.#drop();
    return segment;
  }

  /** Forgets the oldest segment; the newest stays. */
  #drop(): void {
    if (this.#segments.length > 1) this.#bytes -= footprint(this.#segments.shift()!);
  }
}

function footprint(segment: Segment): number {
  return segment.bytes.length + SEGMENT_PACKETS * INDEX_BYTES;
}
