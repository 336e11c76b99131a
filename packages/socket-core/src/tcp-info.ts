/** TCP_INFO of tcp(7), decoded: how a connection fares. */

/** struct tcp_info of Linux. Times are microseconds unless their name says otherwise; counts since the start. */
export interface TcpInfo {
  /** `"ESTABLISHED"`, `"SYN_SENT"` and so on; RFC 9293 section 3.3.2. */
  state: string;
  /** Retransmissions of the segment that is now unacknowledged. */
  retransmits: number;
  /** Keep-alive or zero-window probes without an answer. */
  probes: number;
  /** Retransmission timeout. */
  rto: number;
  /** The segment sizes in use, in bytes. */
  sendMss: number;
  receiveMss: number;
  /** Segments. */
  unacknowledged: number;
  lost: number;
  retransmitted: number;
  /** Milliseconds since data was last sent, received, or an acknowledgement received. */
  lastDataSentMs: number;
  lastDataReceivedMs: number;
  lastAckReceivedMs: number;
  /** The path MTU, in bytes. */
  pathMtu: number;
  /** Smoothed round-trip time, and its variance. */
  rtt: number;
  rttVariance: number;
  /** Congestion window and slow start threshold, in segments. */
  congestionWindow: number;
  slowStartThreshold: number;
  /** Segments retransmitted since the start. */
  totalRetransmitted: number;
  /** Bytes a second. */
  pacingRate?: bigint;
  deliveryRate?: bigint;
  /** Bytes since the start. */
  bytesAcknowledged?: bigint;
  bytesReceived?: bigint;
  bytesSent?: bigint;
  bytesRetransmitted?: bigint;
  /** Segments since the start. */
  segmentsSent?: number;
  segmentsReceived?: number;
  /** Bytes that wait in the send queue and were not sent yet. */
  notSent?: number;
  minRtt?: number;
}

/** Values of tcpi_state, in order from 1. */
const STATES = [
  "ESTABLISHED",
  "SYN_SENT",
  "SYN_RECV",
  "FIN_WAIT1",
  "FIN_WAIT2",
  "TIME_WAIT",
  "CLOSE",
  "CLOSE_WAIT",
  "LAST_ACK",
  "LISTEN",
  "CLOSING",
] as const;

/** Offsets in struct tcp_info; newer kernels only append. */
const U8 = { state: 0, retransmits: 2, probes: 3 } as const;
const U32 = {
  rto: 8,
  sendMss: 16,
  receiveMss: 20,
  unacknowledged: 24,
  lost: 32,
  retransmitted: 36,
  lastDataSentMs: 44,
  lastDataReceivedMs: 52,
  lastAckReceivedMs: 56,
  pathMtu: 60,
  rtt: 68,
  rttVariance: 72,
  slowStartThreshold: 76,
  congestionWindow: 80,
  totalRetransmitted: 100,
} as const;
const LATER_U32 = { segmentsSent: 136, segmentsReceived: 140, notSent: 144, minRtt: 148 } as const;
const LATER_U64 = {
  pacingRate: 104,
  bytesAcknowledged: 120,
  bytesReceived: 128,
  deliveryRate: 160,
  bytesSent: 200,
  bytesRetransmitted: 208,
} as const;

/** The size to ask for. */
export const TCP_INFO_SIZE = 256;
const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Decodes what `getsockopt(IPPROTO_TCP, TCP_INFO, TCP_INFO_SIZE)` returned; what an older kernel lacks is absent. */
export function decodeTcpInfo(bytes: Uint8Array): TcpInfo {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const info: Record<string, number | bigint | string> = {
    state: STATES[(bytes[U8.state] ?? 0) - 1] ?? `UNKNOWN (${bytes[U8.state]})`,
    retransmits: bytes[U8.retransmits] ?? 0,
    probes: bytes[U8.probes] ?? 0,
  };
  for (const [name, at] of Object.entries({ ...U32, ...LATER_U32 })) {
    if (at + 4 <= bytes.length) info[name] = view.getUint32(at, littleEndian);
  }
  for (const [name, at] of Object.entries(LATER_U64)) {
    if (at + 8 <= bytes.length) info[name] = view.getBigUint64(at, littleEndian);
  }
  return info as unknown as TcpInfo;
}
