/** What went through an endpoint. */

/** Counts since the endpoint was made. */
export interface Statistics {
  /** Datagrams that the kernel took. */
  readonly sent: number;
  /** Datagrams that the kernel gave, those that nobody has asked for yet included. */
  readonly received: number;
  /** Bytes of their payloads. */
  readonly bytesSent: number;
  /** Bytes of their payloads, as far as they were not cut. */
  readonly bytesReceived: number;
  /** Datagrams that the kernel dropped because nobody read in time. */
  readonly dropped: number;
  /** System calls that sent at least one datagram. */
  readonly sendCalls: number;
  /** System calls that received at least one datagram. */
  readonly receiveCalls: number;
  /** Datagrams that left as segments of a larger one. */
  readonly segmentsSent: number;
  /** Datagrams that came in as segments of a larger one. */
  readonly segmentsReceived: number;
}

/** The same, while it counts. */
export type Counters = { -readonly [K in keyof Statistics]: number };

export function newCounters(): Counters {
  return {
    sent: 0,
    received: 0,
    bytesSent: 0,
    bytesReceived: 0,
    dropped: 0,
    sendCalls: 0,
    receiveCalls: 0,
    segmentsSent: 0,
    segmentsReceived: 0,
  };
}
