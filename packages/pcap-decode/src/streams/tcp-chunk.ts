import { Timestamp } from "../timestamp.ts";

/** A side of a stream. */
export type StreamSide = "client" | "server";

/** A piece of one direction of a TCP stream, in order: bytes, or how many are missing. */
export class StreamChunk {
  /** Who sent it. */
  readonly from: StreamSide;
  /** Empty for a gap. Shares memory with a packet: copy what you keep. */
  readonly bytes: Uint8Array;
  /** Bytes that the capture lacks at this place; 0 unless this is a gap. */
  readonly missing: number;
  /** Where it starts, in bytes from the first byte seen of the direction, gaps included. */
  readonly offset: number;
  /** Whole seconds of `time`. */
  readonly seconds: number;
  /** Nanoseconds within the second of `time`. */
  readonly nanoseconds: number;

  constructor(
    from: StreamSide,
    bytes: Uint8Array,
    missing: number,
    offset: number,
    seconds: number,
    nanoseconds: number,
  ) {
    this.from = from;
    this.bytes = bytes;
    this.missing = missing;
    this.offset = offset;
    this.seconds = seconds;
    this.nanoseconds = nanoseconds;
  }

  /** When the packet that brought it was captured; for a gap, the packet that showed it. */
  get time(): Timestamp {
    return new Timestamp(this.seconds, this.nanoseconds);
  }
}
