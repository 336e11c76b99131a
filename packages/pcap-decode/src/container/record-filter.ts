import type { PacketFilter } from "../packet-filter.ts";
import { PCAP_RECORD, type PcapHeader } from "./pcap-header.ts";
import { type CaptureProblem, DEFAULT_MAX_PACKET_LENGTH } from "./reader.ts";

/** Below this, words are copied faster by a loop than by a call. */
const SHORT_COPY = 400;

/** Whether the records of a file are as `RecordFilter` takes them: those of any writer of this century. */
export function hasPlainRecords({ big, swapped, recordHeader }: PcapHeader): boolean {
  return !big && swapped === "never" && recordHeader === PCAP_RECORD;
}

/**
 * Filters the records of a pcap without making packets of them: those that pass stay as they are and are moved
 * together, in place. What `PcapReader` reads and `CaptureWriter` writes is byte for byte the same.
 */
export class RecordFilter {
  readonly #filter: PacketFilter;
  readonly #snaplen: number;
  readonly #ticks: number;
  /** Records that passed. */
  packets = 0;
  /** Where the last call stopped: what is behind it must come again, with more. */
  position = 0;
  /** Bytes that the record at `position` needs in all, as far as known. */
  needed = 0;
  problem: CaptureProblem | undefined;

  constructor(header: PcapHeader, filter: PacketFilter) {
    this.#filter = filter;
    this.#snaplen = header.effectiveSnaplen;
    this.#ticks = header.nanoseconds ? 1_000_000_000 : 1_000_000;
  }

  /** Filters `buffer[from, limit)`; what passes is then `buffer[from, result)`. `base` is the file offset of byte 0. */
  keep(buffer: Uint8Array, from: number, limit: number, base: number): number {
    const words = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    const filter = this.#filter;
    const snaplen = this.#snaplen;
    const ticks = this.#ticks;
    let kept = from;
    let run = from;
    let at = from;
    this.needed = PCAP_RECORD;
    while (limit - at >= PCAP_RECORD) {
      const captured = words.getUint32(at + 8, true);
      const next = at + PCAP_RECORD + captured;
      if (next > limit) {
        if (captured > DEFAULT_MAX_PACKET_LENGTH) this.#damage(captured, base + at);
        this.needed = PCAP_RECORD + captured;
        break;
      }
      if (!filter.match(buffer, at + PCAP_RECORD, Math.min(captured, snaplen), words.getUint32(at + 12, true))) {
        if (run < at) kept = move(buffer, words, kept, run, at);
        run = next;
      } else {
        this.packets++;
        if (words.getUint32(at + 4, true) >= ticks) this.#carrySeconds(words, at);
        if (captured > snaplen) {
          words.setUint32(at + 8, snaplen, true);
          kept = move(buffer, words, kept, run, at + PCAP_RECORD + snaplen);
          run = next;
        }
      }
      at = next;
    }
    if (run < at) kept = move(buffer, words, kept, run, at);
    this.position = at;
    return kept;
  }

  #damage(captured: number, offset: number): void {
    const message = `A packet of ${captured} bytes, more than maxPacketLength (${DEFAULT_MAX_PACKET_LENGTH})`;
    this.problem = { code: "damaged", offset, message };
  }

  /** Some writers leave more than a second in the fraction. */
  #carrySeconds(words: DataView, at: number): void {
    const fraction = words.getUint32(at + 4, true);
    words.setUint32(at, words.getUint32(at, true) + Math.floor(fraction / this.#ticks), true);
    words.setUint32(at + 4, fraction % this.#ticks, true);
  }
}

/** Moves `[from, end)` down to `to` and returns where it then ends. */
function move(buffer: Uint8Array, words: DataView, to: number, from: number, end: number): number {
  const length = end - from;
  if (to === from) return end;
  if (length > SHORT_COPY) buffer.copyWithin(to, from, end);
  else {
    let i = 0;
    for (; i + 4 <= length; i += 4) words.setUint32(to + i, words.getUint32(from + i));
    for (; i < length; i++) buffer[to + i] = buffer[from + i]!;
  }
  return to + length;
}
