/** Who wins where segments that wait for earlier ones disagree: the one that came first, or the last. */
export type OverlapPolicy = "first" | "last";

/** Memory that a waiting segment takes besides its bytes. */
const SEGMENT_OVERHEAD = 128;
/** The largest window there is (RFC 7323 section 2.3): what lies further ahead belongs to no connection. */
const MAX_WINDOW = 2 ** 30;

const nothing = new Uint8Array(0);
const none: Waiting[] = [];

/** A segment that waits for what is before it. `end` is past its bytes where the capture cut them. */
interface Waiting {
  start: number;
  end: number;
  bytes: Uint8Array;
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** Called with what is next in the stream: bytes, or a number of missing ones. */
export type Deliver = (
  bytes: Uint8Array,
  missing: number,
  offset: number,
  seconds: number,
  nanoseconds: number,
) => void;

/** What one side of a connection sent: puts segments in order. Positions count from its first byte seen. */
export class TCPDirection {
  readonly #policy: OverlapPolicy;
  readonly #deliver: Deliver;
  /** In order, without overlaps. One empty array stands for all that have none: most directions never need more. */
  #waiting: Waiting[] = none;
  #started = false;
  #next = 0;
  #fin = -1;
  /** Sequence number of the SYN, or the one before the first byte seen; -1 before the first packet. */
  base = -1;
  /** Bytes given out or given up. */
  position = 0;
  /** Memory of waiting segments. */
  waitingBytes = 0;
  /** Bytes that the capture lacks. */
  missing = 0;
  /** Bytes that came more than once. */
  duplicates = 0;
  /** Whether a FIN was seen. */
  finSeen = false;
  /** Whether the reader knows that the FIN was reached. */
  finTold = false;

  constructor(policy: OverlapPolicy, deliver: Deliver) {
    this.#policy = policy;
    this.#deliver = deliver;
  }

  /** Segments that wait for earlier ones. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Whether everything up to the FIN was given out. */
  get finished(): boolean {
    return this.#fin >= 0 && this.position >= this.#fin;
  }

  /**
   * Takes a segment whose first byte has the number `sequence`: `length` bytes on the wire, of which
   * `b[from, to)` were captured.
   */
  push(
    sequence: number,
    b: Uint8Array,
    from: number,
    to: number,
    length: number,
    seconds: number,
    nanoseconds: number,
  ): void {
    if (!this.#started) {
      this.#started = true;
      this.#next = sequence;
    }
    if (length === 0) return;
    // Signed 32-bit difference: sequence numbers wrap (RFC 9293 section 3.4).
    const distance = (sequence - this.#next) | 0;
    if (distance > MAX_WINDOW) return;
    let start = this.position + distance;
    let end = start + length;
    // Text after a FIN is to be ignored (RFC 9293 section 3.10.7.4, eighth step).
    if (this.#fin >= 0 && end > this.#fin) end = this.#fin;
    if (end <= this.position) {
      this.duplicates += length;
      return;
    }
    if (start < this.position) {
      const seen = this.position - start;
      this.duplicates += seen;
      from = Math.min(to, from + seen);
      start = this.position;
    }
    if (to - from > end - start) to = from + (end - start);
    const first = this.#waiting[0];
    if (start === this.position && (first === undefined || first.start >= end)) {
      this.#give(b.subarray(from, to), end - start, seconds, nanoseconds);
      if (first !== undefined) this.#drain();
      return;
    }
    if (this.#waiting === none) this.#waiting = [];
    if (this.#policy === "last") this.#cutWaiting(start, end);
    this.#insert(start, end, b.subarray(from, to), seconds, nanoseconds);
    if (start === this.position) this.#drain();
  }

  /** Notes a FIN behind the `length` bytes at `sequence`. */
  finish(sequence: number, length: number): void {
    this.finSeen = true;
    const position = this.position + ((sequence - this.#next) | 0) + length;
    if (this.#fin < 0 && position >= this.position) this.#fin = position;
  }

  /** The other side has everything before `sequence`: what is missing there, the capture lacks for good. */
  acknowledge(sequence: number, seconds: number, nanoseconds: number): void {
    if (this.#waiting.length === 0) return;
    const position = this.position + ((sequence - this.#next) | 0);
    while (this.#waiting.length > 0 && position > this.#waiting[0]!.start) this.giveUp(seconds, nanoseconds);
  }

  /** Takes the first hole for missing, and gives out what follows it. */
  giveUp(seconds: number, nanoseconds: number): void {
    const first = this.#waiting[0];
    if (first === undefined) return;
    this.#skip(first.start - this.position, seconds, nanoseconds);
    this.#drain();
  }

  /** Gives out all that waits, with the gaps before it and before a FIN. */
  flush(seconds: number, nanoseconds: number): void {
    while (this.#waiting.length > 0) this.giveUp(seconds, nanoseconds);
    if (this.#fin > this.position && this.#fin - this.position < MAX_WINDOW)
      this.#skip(this.#fin - this.position, seconds, nanoseconds);
  }

  #drain(): void {
    let count = 0;
    for (; count < this.#waiting.length; count++) {
      const { start, end, bytes, seconds, nanoseconds } = this.#waiting[count]!;
      if (start > this.position) break;
      this.waitingBytes -= bytes.length + SEGMENT_OVERHEAD;
      this.#give(bytes, end - start, seconds, nanoseconds);
    }
    if (count > 0) this.#waiting.splice(0, count);
  }

  #give(bytes: Uint8Array, length: number, seconds: number, nanoseconds: number): void {
    const { position } = this;
    this.#advance(bytes.length);
    if (bytes.length > 0) this.#deliver(bytes, 0, position, seconds, nanoseconds);
    if (length > bytes.length) this.#skip(length - bytes.length, seconds, nanoseconds);
  }

  #skip(missing: number, seconds: number, nanoseconds: number): void {
    const { position } = this;
    this.#advance(missing);
    this.missing += missing;
    this.#deliver(nothing, missing, position, seconds, nanoseconds);
  }

  #advance(length: number): void {
    this.position += length;
    this.#next = (this.#next + length) >>> 0;
  }

  /** Keeps what no waiting segment has; each part is a copy, so that it holds no more memory than it counts for. */
  #insert(start: number, end: number, bytes: Uint8Array, seconds: number, nanoseconds: number): void {
    let index = this.#indexOf(start);
    let at = start;
    while (at < end) {
      const next = this.#waiting[index];
      if (next !== undefined && next.start <= at) {
        this.duplicates += Math.max(0, Math.min(next.end, end) - at);
        at = Math.max(at, next.end);
        index++;
        continue;
      }
      const stop = next === undefined ? end : Math.min(end, next.start);
      const part = bytes.slice(at - start, stop - start);
      this.#waiting.splice(index, 0, { start: at, end: stop, bytes: part, seconds, nanoseconds });
      this.waitingBytes += part.length + SEGMENT_OVERHEAD;
      index++;
      at = stop;
    }
  }

  /** Takes `[start, end)` out of the waiting segments: what comes there now counts more. */
  #cutWaiting(start: number, end: number): void {
    let index = this.#indexOf(start);
    for (let each = this.#waiting[index]; each !== undefined && each.start < end; each = this.#waiting[index]) {
      this.#waiting.splice(index, 1);
      this.waitingBytes -= each.bytes.length + SEGMENT_OVERHEAD;
      const { bytes } = each;
      if (each.start < start) this.#put(index++, { ...each, end: start, bytes: bytes.slice(0, start - each.start) });
      if (each.end > end) this.#put(index++, { ...each, start: end, bytes: bytes.slice(end - each.start) });
    }
  }

  #put(index: number, segment: Waiting): void {
    this.#waiting.splice(index, 0, segment);
    this.waitingBytes += segment.bytes.length + SEGMENT_OVERHEAD;
  }

  /** Index of the first waiting segment that ends behind `position`. */
  #indexOf(position: number): number {
    let low = 0;
    let high = this.#waiting.length;
    // Most segments come behind all that wait.
    if (high === 0 || this.#waiting[high - 1]!.end <= position) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#waiting[middle]!.end <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
