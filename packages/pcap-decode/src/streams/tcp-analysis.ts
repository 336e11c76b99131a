import { TCPFlags } from "../layers/tcp.ts";

/** A hole in what a side has sent, as sequence numbers: packets that came late, or are missing. */
interface Hole {
  start: number;
  end: number;
}

/** Holes that are remembered for each direction; further ones count as retransmissions when they are filled. */
const MAX_HOLES = 16;
/** A segment that fills a hole so soon after later data was overtaken on its way, in seconds: Wireshark's bound. */
const REORDERING = 0.003;

/** What a segment is, beside the data it brings. */
export type SegmentKind = "new" | "retransmission" | "outOfOrder" | "keepAlive" | "none";

/** What one side of a connection has sent, for telling what a segment is and how long its answer takes. */
export class TCPSender {
  /** Sequence number behind the highest seen; -1 before the first packet. */
  #next = -1;
  #highestAt = 0;
  #holes: Hole[] = [];
  /** The segment whose acknowledgment is timed: the number behind it, -1 for none. */
  #timed = -1;
  #timedAt = 0;
  finSeen = false;
  resetSeen = false;

  /** Sequence number of the SYN, or the one before the first byte seen; -1 before the first packet. */
  base = -1;

  /** Takes a segment of `length` bytes; `rtt` widens the time in which it counts as overtaken. */
  segment(flags: number, sequence: number, length: number, now: number, rtt: number): SegmentKind {
    const syn = flags & TCPFlags.SYN ? 1 : 0;
    const fin = flags & TCPFlags.FIN ? 1 : 0;
    if (fin) this.finSeen = true;
    if (flags & TCPFlags.RST) {
      this.resetSeen = true;
      return "none";
    }
    const size = length + syn + fin;
    const end = (sequence + size) >>> 0;
    if (this.#next < 0) {
      this.base = syn ? sequence : (sequence - 1) >>> 0;
      this.#advance(end, now);
      if (size > 0) this.#time(end, now);
      return length > 0 ? "new" : "none";
    }
    const ahead = (sequence - this.#next) | 0;
    // One byte, or none, before what the other side expects asks whether it is still there (RFC 9293 section 3.8.4).
    if (ahead === -1 && length <= 1 && !syn && !fin) return "keepAlive";
    if (size === 0) return "none";
    if (ahead >= 0) {
      if (ahead > 0) this.#addHole(this.#next, sequence);
      this.#advance(end, now);
      if (this.#timed < 0) this.#time(end, now);
      return "new";
    }
    const filled = this.#fill(sequence, end);
    if (((end - this.#next) | 0) > 0) this.#advance(end, now);
    if (filled && now - this.#highestAt <= Math.max(REORDERING, rtt)) return "outOfOrder";
    // Whose acknowledgment came is unknown after a retransmission (Karn's algorithm, RFC 6298 section 3).
    this.#timed = -1;
    return "retransmission";
  }

  /** The other side has all before `sequence`: seconds since the timed segment, or -1. */
  acknowledged(sequence: number, now: number): number {
    if (this.#timed < 0 || ((sequence - this.#timed) | 0) < 0) return -1;
    this.#timed = -1;
    return now - this.#timedAt;
  }

  #advance(end: number, now: number): void {
    this.#next = end;
    this.#highestAt = now;
  }

  #time(end: number, now: number): void {
    this.#timed = end;
    this.#timedAt = now;
  }

  #addHole(start: number, end: number): void {
    if (this.#holes.length === MAX_HOLES) this.#holes.shift();
    this.#holes.push({ start, end });
  }

  /** Takes `[start, end)` out of the holes; whether it was in one. */
  #fill(start: number, end: number): boolean {
    let filled = false;
    for (let i = this.#holes.length - 1; i >= 0; i--) {
      const hole = this.#holes[i]!;
      if (((start - hole.end) | 0) >= 0 || ((end - hole.start) | 0) <= 0) continue;
      filled = true;
      const rest: Hole[] = [];
      if (((start - hole.start) | 0) > 0) rest.push({ start: hole.start, end: start });
      if (((hole.end - end) | 0) > 0) rest.push({ start: end, end: hole.end });
      this.#holes.splice(i, 1, ...rest);
    }
    if (this.#holes.length > MAX_HOLES) this.#holes.length = MAX_HOLES;
    return filled;
  }
}
