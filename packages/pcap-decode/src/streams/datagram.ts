import type { Packet } from "../packet.ts";
import type { Fragment, OuterLength } from "./fragment.ts";

/** Who wins where fragments overlap: the one that came first, the last, or none: the datagram is given up. */
export type FragmentOverlapPolicy = "first" | "last" | "reject";

/** Memory that a fragment takes besides its bytes. */
const FRAGMENT_OVERHEAD = 128;
const MAX_DATAGRAM = 65_535;

/** Payload of fragments, at its place. */
interface Part {
  readonly start: number;
  readonly bytes: Uint8Array;
}

/** The fragments of one datagram, so far. */
export class Datagram {
  readonly #policy: FragmentOverlapPolicy;
  /** Second of the first fragment. */
  readonly since: number;
  /** Parts in order; they do not overlap. */
  readonly parts: Part[] = [];
  /** The packet before the payload, from the fragment at 0. */
  head: Uint8Array = new Uint8Array(0);
  ip = 0;
  version: 4 | 6 = 4;
  nextHeaderAt = 0;
  nextHeader = 0;
  around: readonly OuterLength[] = [];
  /** Bytes of payload; -1 until the last fragment is there. */
  length = -1;
  heldBytes = 0;
  /** Fragments so far. */
  count = 0;
  #covered = 0;

  constructor(policy: FragmentOverlapPolicy, since: number) {
    this.#policy = policy;
    this.since = since;
  }

  get complete(): boolean {
    return this.length >= 0 && this.#covered === this.length && this.head.length > 0;
  }

  /** Takes a fragment; false when the datagram cannot be any more. */
  add({ buffer, offset }: Packet, part: Fragment): boolean {
    const { start, from, length, more } = part;
    // Without all of its bytes it helps nobody, and nothing is wrong with the others.
    if (!part.whole) return true;
    this.count++;
    const end = start + length;
    // All but the last are multiples of eight; an empty one completes nothing (RFC 791, RFC 8200 section 4.5).
    if (length === 0 || (more && length % 8 !== 0)) return false;
    if (end + part.headLength - part.ip > MAX_DATAGRAM + (part.version === 6 ? 40 : 0)) return false;
    if (!more) {
      if (this.length >= 0 && this.length !== end) return false;
      this.length = end;
    }
    if (this.length >= 0 && (end > this.length || (this.parts.at(-1) !== undefined && this.#end() > this.length)))
      return false;
    if (start === 0 && this.head.length === 0) {
      this.head = buffer.slice(offset, offset + part.headLength);
      this.heldBytes += this.head.length;
      this.ip = part.ip;
      this.version = part.version;
      this.nextHeaderAt = part.nextHeaderAt;
      this.nextHeader = part.nextHeader;
      this.around = part.around;
    }
    return this.#insert(start, buffer.subarray(from, from + length));
  }

  #end(): number {
    const last = this.parts.at(-1);
    return last === undefined ? 0 : last.start + last.bytes.length;
  }

  #insert(start: number, bytes: Uint8Array): boolean {
    const end = start + bytes.length;
    let index = this.parts.findIndex((part) => part.start + part.bytes.length > start);
    if (index < 0) index = this.parts.length;
    const overlaps = index < this.parts.length && this.parts[index]!.start < end;
    if (overlaps && this.#policy === "reject") return this.#isRepeated(index, start, bytes);
    if (overlaps && this.#policy === "last") this.#cut(index, start, end);
    let at = start;
    index = this.parts.findIndex((part) => part.start + part.bytes.length > start);
    if (index < 0) index = this.parts.length;
    while (at < end) {
      const next = this.parts[index];
      if (next !== undefined && next.start <= at) {
        at = Math.max(at, next.start + next.bytes.length);
        index++;
        continue;
      }
      const stop = next === undefined ? end : Math.min(end, next.start);
      this.#put(index++, at, bytes.slice(at - start, stop - start));
      at = stop;
    }
    return true;
  }

  /** Whether the part at `index` is the same fragment: that is no overlap but a duplicate (RFC 8200 section 4.5). */
  #isRepeated(index: number, start: number, bytes: Uint8Array): boolean {
    const same = this.parts[index]!;
    return (
      same.start === start && same.bytes.length === bytes.length && same.bytes.every((byte, i) => byte === bytes[i])
    );
  }

  #cut(from: number, start: number, end: number): void {
    let index = from;
    for (let each = this.parts[index]; each !== undefined && each.start < end; each = this.parts[index]) {
      this.parts.splice(index, 1);
      this.heldBytes -= each.bytes.length + FRAGMENT_OVERHEAD;
      this.#covered -= each.bytes.length;
      if (each.start < start) this.#put(index++, each.start, each.bytes.slice(0, start - each.start));
      if (each.start + each.bytes.length > end) this.#put(index++, end, each.bytes.slice(end - each.start));
    }
  }

  #put(index: number, start: number, bytes: Uint8Array): void {
    this.parts.splice(index, 0, { start, bytes });
    this.heldBytes += bytes.length + FRAGMENT_OVERHEAD;
    this.#covered += bytes.length;
  }
}
