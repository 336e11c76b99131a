import { ipProtocolNames } from "../layers/tables.ts";
import { Timestamp } from "../timestamp.ts";
import { communityId } from "./community-id.ts";
import { type Endpoint, endpointOf } from "./endpoint.ts";
import type { FlowWords } from "./flow-key.ts";
import type { EndReason } from "./flow-table.ts";
import { TCPSender } from "./tcp-analysis.ts";
import type { TCPState } from "./tcp-stream.ts";

/** Counters of one direction. */
export interface TrafficCounters {
  packets: number;
  /** Bytes on the wire, link headers included. */
  bytes: number;
}

/** Counters of one direction of a flow. Those of segments stay 0 for protocols other than TCP. */
export interface FlowCounters extends TrafficCounters {
  /** Bytes that the transport carried, retransmissions included. */
  payloadBytes: number;
  retransmissions: number;
  /** Segments that others overtook on their way. */
  outOfOrder: number;
  keepAlives: number;
  /** Segments that say there is no room for more. */
  zeroWindows: number;
}

/** Round-trip times in seconds, as far as the capture shows them. */
export interface RoundTrip {
  /** From SYN to the ACK of the SYN-ACK. */
  readonly handshake: number | undefined;
  readonly minimum: number | undefined;
  readonly mean: number | undefined;
  readonly maximum: number | undefined;
  /** Acknowledgments of data that were timed. */
  readonly samples: number;
}

/** The parts of a `Flow` that its tracker sets, in one hidden class. */
export class FlowInternals {
  readonly words: FlowWords;
  readonly clientIsA: boolean;
  readonly client = new TCPSender();
  readonly server = new TCPSender();
  synAt = -1;
  synAckAt = -1;
  handshake = -1;
  minimum = Number.POSITIVE_INFINITY;
  maximum = 0;
  sum = 0;
  samples = 0;

  constructor(words: FlowWords, clientIsA: boolean) {
    this.words = words;
    this.clientIsA = clientIsA;
  }

  sample(seconds: number): void {
    if (seconds < 0) return;
    this.samples++;
    this.sum += seconds;
    if (seconds < this.minimum) this.minimum = seconds;
    if (seconds > this.maximum) this.maximum = seconds;
  }
}

/** What two endpoints say to each other over one protocol. Counters grow as packets come: read them at any time. */
export class Flow {
  /** Number from 0, in the order of appearance. */
  readonly index: number;
  /** IANA number. */
  readonly protocol: number;
  readonly toServer: FlowCounters = newCounters();
  readonly toClient: FlowCounters = newCounters();
  readonly firstSeen: Timestamp;
  /** Whole seconds of `lastSeen`. */
  lastSeconds: number;
  /** Nanoseconds within the second of `lastSeen`. */
  lastNanoseconds: number;
  /** Where a TCP connection stands; `open` for other protocols. */
  state: TCPState;
  /** Why it ended; `undefined` while it lasts. */
  endReason: EndReason | undefined;
  /** @internal */
  readonly internals: FlowInternals;

  /** @internal */
  constructor(index: number, words: FlowWords, clientIsA: boolean, firstSeen: Timestamp, state: TCPState) {
    this.index = index;
    this.protocol = words.kind & 0xff;
    this.firstSeen = firstSeen;
    this.lastSeconds = firstSeen.seconds;
    this.lastNanoseconds = firstSeen.nanoseconds;
    this.state = state;
    this.endReason = undefined;
    this.internals = new FlowInternals(words, clientIsA);
  }

  /** Who sent the first packet; for TCP who opened the connection, as far as can be told. */
  get client(): Endpoint {
    return endpointOf(this.internals.words, this.internals.clientIsA);
  }

  get server(): Endpoint {
    return endpointOf(this.internals.words, !this.internals.clientIsA);
  }

  /** 4 or 6. */
  get ipVersion(): number {
    return this.internals.words.kind >> 8;
  }

  /** `TCP`, `UDP`, …; the number as text where it has no name here. */
  get protocolName(): string {
    return this.protocol === 58 ? "ICMPv6" : (ipProtocolNames[this.protocol] ?? String(this.protocol));
  }

  get lastSeen(): Timestamp {
    return new Timestamp(this.lastSeconds, this.lastNanoseconds);
  }

  /** Seconds from the first to the last packet. */
  get duration(): number {
    return this.lastSeconds - this.firstSeen.seconds + (this.lastNanoseconds - this.firstSeen.nanoseconds) / 1e9;
  }

  /** Packets of both directions. */
  get packets(): number {
    return this.toServer.packets + this.toClient.packets;
  }

  /** Bytes on the wire of both directions. */
  get bytes(): number {
    return this.toServer.bytes + this.toClient.bytes;
  }

  get roundTrip(): RoundTrip {
    const { handshake, minimum, maximum, sum, samples } = this.internals;
    const some = samples > 0;
    return {
      handshake: handshake < 0 ? undefined : handshake,
      minimum: some ? minimum : undefined,
      mean: some ? sum / samples : undefined,
      maximum: some ? maximum : undefined,
      samples,
    };
  }

  /** Community ID version 1 with `seed`, as Zeek, Suricata and Wireshark compute it. */
  communityId(seed = 0): string {
    return communityId(this.internals.words, seed);
  }

  /** A copy of everything, as plain data. */
  toJSON(): FlowJSON {
    const { index, client, server, toServer, toClient, firstSeen, lastSeen, duration, state, endReason } = this;
    return {
      index,
      protocol: this.protocolName,
      client,
      server,
      packets: this.packets,
      bytes: this.bytes,
      toServer: { ...toServer },
      toClient: { ...toClient },
      firstSeen: firstSeen.toString(),
      lastSeen: lastSeen.toString(),
      duration,
      state,
      endReason,
      roundTrip: this.roundTrip,
      communityId: this.communityId(),
    };
  }
}

/** A flow as plain data; times are seconds as text, durations are seconds. */
export interface FlowJSON {
  readonly index: number;
  readonly protocol: string;
  readonly client: Endpoint;
  readonly server: Endpoint;
  readonly packets: number;
  readonly bytes: number;
  readonly toServer: Readonly<FlowCounters>;
  readonly toClient: Readonly<FlowCounters>;
  readonly firstSeen: string;
  readonly lastSeen: string;
  readonly duration: number;
  readonly state: TCPState;
  readonly endReason: EndReason | undefined;
  readonly roundTrip: RoundTrip;
  readonly communityId: string;
}

function newCounters(): FlowCounters {
  return {
    packets: 0,
    bytes: 0,
    payloadBytes: 0,
    retransmissions: 0,
    outOfOrder: 0,
    keepAlives: 0,
    zeroWindows: 0,
  };
}
