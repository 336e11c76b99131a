import { Timestamp } from "../timestamp.ts";
import { endpointOf } from "./endpoint.ts";
import type { TrafficCounters } from "./flow.ts";
import type { FlowWords } from "./flow-key.ts";

/** What two addresses say to each other, over all protocols. Counters grow as packets come. */
export class Conversation {
  /** From `a` to `b`; `a` sent the first packet. */
  readonly fromA: TrafficCounters = { packets: 0, bytes: 0 };
  readonly fromB: TrafficCounters = { packets: 0, bytes: 0 };
  readonly firstSeen: Timestamp;
  /** Whole seconds of `lastSeen`. */
  lastSeconds: number;
  /** Nanoseconds within the second of `lastSeen`. */
  lastNanoseconds: number;
  readonly #words: FlowWords;
  readonly #swapped: boolean;

  /** @internal */
  constructor(words: FlowWords, swapped: boolean, firstSeen: Timestamp) {
    this.#words = words;
    this.#swapped = swapped;
    this.firstSeen = firstSeen;
    this.lastSeconds = firstSeen.seconds;
    this.lastNanoseconds = firstSeen.nanoseconds;
  }

  /** Address of who sent the first packet: IP or Ethernet, by the kind of conversation. */
  get a(): string {
    return endpointOf(this.#words, !this.#swapped).address;
  }

  get b(): string {
    return endpointOf(this.#words, this.#swapped).address;
  }

  get lastSeen(): Timestamp {
    return new Timestamp(this.lastSeconds, this.lastNanoseconds);
  }

  /** Seconds from the first to the last packet. */
  get duration(): number {
    return this.lastSeconds - this.firstSeen.seconds + (this.lastNanoseconds - this.firstSeen.nanoseconds) / 1e9;
  }

  get packets(): number {
    return this.fromA.packets + this.fromB.packets;
  }

  /** Bytes on the wire, link headers included. */
  get bytes(): number {
    return this.fromA.bytes + this.fromB.bytes;
  }

  /** @internal Counts a packet. */
  count(swapped: boolean, bytes: number, seconds: number, nanoseconds: number): void {
    const counters = swapped === this.#swapped ? this.fromA : this.fromB;
    counters.packets++;
    counters.bytes += bytes;
    this.lastSeconds = seconds;
    this.lastNanoseconds = nanoseconds;
  }

  /** A copy of everything, as plain data. */
  toJSON(): ConversationJSON {
    const { a, b, packets, bytes, fromA, fromB, firstSeen, lastSeen, duration } = this;
    return {
      a,
      b,
      packets,
      bytes,
      fromA: { ...fromA },
      fromB: { ...fromB },
      firstSeen: firstSeen.toString(),
      lastSeen: lastSeen.toString(),
      duration,
    };
  }
}

/** A conversation as plain data; times are seconds as text. */
export interface ConversationJSON {
  readonly a: string;
  readonly b: string;
  readonly packets: number;
  readonly bytes: number;
  readonly fromA: Readonly<TrafficCounters>;
  readonly fromB: Readonly<TrafficCounters>;
  readonly firstSeen: string;
  readonly lastSeen: string;
  readonly duration: number;
}
