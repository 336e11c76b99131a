import { u32 } from "../container/bytes.ts";
import { checkInteger, InvalidValueError } from "../errors.ts";
import { TCPFlags } from "../layers/tcp.ts";
import type { Packet } from "../packet.ts";
import type { Timestamp } from "../timestamp.ts";
import { AgedMap } from "./aged-map.ts";
import { keepWords } from "./endpoint.ts";
import { FlowKey } from "./flow-key.ts";
import { type EndReason, FlowTable } from "./flow-table.ts";
import { locate, located, Protocol } from "./locate.ts";
import { SharedLimit } from "./shared-limit.ts";
import type { StreamSide } from "./tcp-chunk.ts";
import type { OverlapPolicy } from "./tcp-direction.ts";
import { guessClient } from "./tcp-roles.ts";
import { TCPStream, type TCPStreamHandler } from "./tcp-stream.ts";

/** What a `TCPReassembler` may hold, and how it decides. */
export interface TCPReassemblyOptions {
  /** Streams at once; the one that was quiet for longest ends first. Default 65,536. */
  readonly maxStreams?: number;
  /** Bytes of one direction that wait for earlier ones; past it the first hole is a gap. Default 16 MiB. */
  readonly maxWaitingBytes?: number;
  /** The same over all streams; past it the stream that waits for longest has its gap. Default 256 MiB. */
  readonly maxTotalWaitingBytes?: number;
  /** Segments of one direction that wait for earlier ones. Default 4,096. */
  readonly maxWaitingSegments?: number;
  /** Seconds without a packet, in the time of the capture, after which a stream ends. Default 3,600. */
  readonly idleTimeout?: number;
  /** Who wins where waiting segments disagree. What was given out stays. Default `first`. */
  readonly overlap?: OverlapPolicy;
}

/** Gives the handler of a stream that appears, or several of them; without one the stream costs nothing. */
export type OnStream = (stream: TCPStream) => TCPStreamHandler | readonly (TCPStreamHandler | undefined)[] | undefined;

/** What a reassembler has seen and holds. */
export interface TCPReassemblyStatistics {
  /** Streams so far. */
  readonly streams: number;
  /** Streams that are held now. */
  readonly held: number;
  /** Bytes that wait for earlier ones now. */
  readonly waitingBytes: number;
}

/** Seconds after a RST in which more may come: a forged one ends nothing (RFC 5961 section 3). */
const RESET_LINGER = 5;
const MIB = 2 ** 20;

/**
 * Puts the segments of TCP connections in order. Packets go into `add`, one after the other; what each connection
 * carries comes out of the handler that `onStream` gives for it. IP fragments must be put together before.
 *
 * Throws an `InvalidValueError` for an option that is out of range.
 */
export class TCPReassembler {
  readonly #onStream: OnStream;
  readonly #maxWaitingBytes: number;
  readonly #maxSegments: number;
  readonly #policy: OverlapPolicy;
  readonly #table: FlowTable<TCPStream>;
  readonly #key = new FlowKey();
  /** What waits for earlier segments, over all streams. */
  readonly #waiting: SharedLimit<TCPStream>;
  /** Streams after a RST that have not ended, with the second of their last packet, in its order. */
  readonly #resets = new AgedMap<TCPStream, number>();
  #streams = 0;
  #now = 0;
  #nanoseconds = 0;

  constructor(onStream: OnStream, options: TCPReassemblyOptions = {}) {
    if (typeof onStream !== "function") throw new InvalidValueError("onStream", onStream, "a function");
    const whole = (name: keyof TCPReassemblyOptions, usual: number) =>
      checkInteger(name, options[name] ?? usual, 1, Number.MAX_SAFE_INTEGER);
    const { idleTimeout = 3600, overlap = "first" } = options;
    if (typeof idleTimeout !== "number" || !(idleTimeout > 0))
      throw new InvalidValueError("idleTimeout", idleTimeout, "seconds above 0");
    if (overlap !== "first" && overlap !== "last") throw new InvalidValueError("overlap", overlap, '"first" or "last"');
    this.#onStream = onStream;
    this.#maxWaitingBytes = whole("maxWaitingBytes", 16 * MIB);
    this.#waiting = new SharedLimit(whole("maxTotalWaitingBytes", 256 * MIB), (stream) => this.#flush(stream));
    this.#maxSegments = whole("maxWaitingSegments", 4096);
    this.#policy = overlap;
    this.#table = new FlowTable(whole("maxStreams", 65_536), idleTimeout, (stream, reason) =>
      this.#end(stream, stream.state === "reset" ? "reset" : reason),
    );
  }

  /** Streams that are held, the quietest first. */
  get streams(): Iterable<TCPStream> {
    return { [Symbol.iterator]: () => this.#table.values() };
  }

  get statistics(): TCPReassemblyStatistics {
    return { streams: this.#streams, held: this.#table.size, waitingBytes: this.#waiting.bytes };
  }

  /** Takes the next packet of the capture; its stream, or `undefined` when it is no whole TCP header. */
  add(packet: Packet): TCPStream | undefined {
    if (!locate(packet) || located.protocol !== Protocol.TCP || located.transport < 0) return undefined;
    const { buffer: b, seconds, nanoseconds } = packet;
    const { transport: at, ip, version, end } = located;
    const header = (b[at + 12]! >> 4) * 4;
    if (header < 20 || header > located.wireEnd - at) return undefined;
    this.#now = seconds;
    this.#nanoseconds = nanoseconds;
    this.#table.expire(seconds);
    this.#expireResets();
    const flags = b[at + 13]!;
    const sequence = u32(b, at + 4, true);
    const key = this.#key;
    key.setFlow(b, ip, version, Protocol.TCP, (b[at]! << 8) | b[at + 1]!, (b[at + 2]! << 8) | b[at + 3]!);
    const stream = this.#stream(flags, sequence, packet.time);
    const from = stream.side(!key.swapped);
    const payload = Math.min(end, at + header);
    this.#segment(stream, from, b, flags, sequence, u32(b, at + 8, true), payload, end, located.wireEnd - at - header);
    return stream;
  }

  /** Ends all streams: gives out what waits, with its gaps. More packets may follow and begin new streams. */
  finish(): void {
    this.#table.clear("finished");
  }

  #stream(flags: number, sequence: number, time: Timestamp): TCPStream {
    const key = this.#key;
    const found = this.#table.find(key);
    const opens = (flags & (TCPFlags.SYN | TCPFlags.ACK)) === TCPFlags.SYN;
    if (found !== undefined) {
      const { client, server } = found.value.directions;
      const { base } = found.value.side(!key.swapped) === "client" ? client : server;
      const over = found.value.state === "reset" || client.finSeen || server.finSeen;
      // The same SYN again is a retransmission; another one, or one after the end, is another connection.
      if (!opens || base < 0 || (base === sequence && !over)) {
        this.#table.touch(found, this.#now);
        found.value.lastSeen = time;
        return found.value;
      }
      this.#table.remove(found);
      this.#end(found.value, "reused");
    }
    const words = keepWords(key);
    const senderIsA = !key.swapped;
    const clientIsA = flags & TCPFlags.SYN ? senderIsA === opens : guessClient(words.ports, senderIsA);
    const stream = new TCPStream(
      this.#streams++,
      words,
      clientIsA,
      senderIsA === clientIsA ? "client" : "server",
      (flags & TCPFlags.SYN) !== 0,
      time,
      this.#policy,
    );
    stream.handler = combine(this.#onStream(stream));
    this.#table.insert(words, stream, this.#now);
    return stream;
  }

  #segment(
    stream: TCPStream,
    from: StreamSide,
    b: Uint8Array,
    flags: number,
    sequence: number,
    acknowledgment: number,
    payload: number,
    end: number,
    length: number,
  ): void {
    const own = stream.directions[from];
    const other = stream.directions[from === "client" ? "server" : "client"];
    const syn = (flags & TCPFlags.SYN) !== 0;
    if (own.base < 0) own.base = syn ? sequence : (sequence - 1) >>> 0;
    this.#advanceState(stream, from, flags);
    // Nothing is put in order that nobody reads.
    if (stream.handler === undefined) {
      if (flags & TCPFlags.FIN) own.finSeen = true;
      return;
    }
    const before = stream.waitingBytes;
    if (flags & TCPFlags.ACK && other.waiting > 0) {
      other.acknowledge(acknowledgment, this.#now, this.#nanoseconds);
      this.#fin(stream, from === "client" ? "server" : "client");
    }
    const first = syn ? (sequence + 1) >>> 0 : sequence;
    // A RST may carry a reason for people (RFC 9293 section 3.5.3); it is no part of the stream.
    const text = flags & TCPFlags.RST ? 0 : length;
    if (flags & TCPFlags.RST) own.push(first, b, end, end, 0, this.#now, this.#nanoseconds);
    else own.push(first, b, payload, end, text, this.#now, this.#nanoseconds);
    if (flags & TCPFlags.FIN) own.finish(first, text);
    while (own.waiting > this.#maxSegments || own.waitingBytes > this.#maxWaitingBytes)
      own.giveUp(this.#now, this.#nanoseconds);
    this.#fin(stream, from);
    const after = stream.waitingBytes;
    if (after !== before) this.#waiting.set(stream, after);
    if (stream.endReason === undefined && own.finished && other.finished) {
      stream.state = "closed";
      // The slot stays, so that a late retransmission begins no new stream.
      this.#end(stream, "closed");
    }
  }

  #advanceState(stream: TCPStream, from: StreamSide, flags: number): void {
    if (stream.state === "closed") return;
    if (flags & TCPFlags.RST) {
      stream.state = "reset";
      if (stream.endReason === undefined) this.#resets.set(stream, this.#now);
    } else if (stream.state === "reset") {
      if (this.#resets.has(stream)) this.#resets.set(stream, this.#now);
    } else if (flags & TCPFlags.FIN) stream.state = "closing";
    else if (stream.state === "opening" && (from === "server" || !(flags & TCPFlags.SYN))) stream.state = "open";
  }

  /** Tells once that a side has sent all. */
  #fin(stream: TCPStream, from: StreamSide): void {
    const direction = stream.directions[from];
    if (!direction.finished || direction.finTold) return;
    direction.finTold = true;
    stream.handler?.fin?.(from);
  }

  /** Gives out what waits, with its gaps. */
  #flush(stream: TCPStream): void {
    for (const side of ["client", "server"] as const) {
      stream.directions[side].flush(this.#now, this.#nanoseconds);
      this.#fin(stream, side);
    }
  }

  #end(stream: TCPStream, reason: EndReason): void {
    if (stream.endReason !== undefined) return;
    stream.endReason = reason;
    this.#resets.delete(stream);
    if (stream.handler === undefined) return;
    this.#flush(stream);
    this.#waiting.set(stream, 0);
    stream.handler.close?.(reason);
    // The slot may stay for a while: it must not hold what the handler holds.
    stream.handler = undefined;
  }

  #expireResets(): void {
    for (let { oldest } = this.#resets; oldest !== undefined; oldest = this.#resets.oldest) {
      if (Math.abs(this.#now - oldest.value) <= RESET_LINGER) break;
      this.#end(oldest.key, "reset");
    }
  }
}

function combine(handlers: ReturnType<OnStream>): TCPStreamHandler | undefined {
  if (handlers === undefined || !Array.isArray(handlers)) return handlers as TCPStreamHandler | undefined;
  const all = (handlers as (TCPStreamHandler | undefined)[]).filter((each) => each !== undefined);
  if (all.length < 2) return all[0];
  return {
    data(chunk) {
      for (const each of all) each.data?.(chunk);
    },
    fin(from) {
      for (const each of all) each.fin?.(from);
    },
    close(reason) {
      for (const each of all) each.close?.(reason);
    },
  };
}
