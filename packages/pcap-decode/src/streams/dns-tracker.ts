import { checkInteger, InvalidValueError } from "../errors.ts";
import { DNS, type DNSQuestion, type DNSRecord } from "../layers/dns.ts";
import type { Packet } from "../packet.ts";
import { Timestamp } from "../timestamp.ts";
import { AgedMap } from "./aged-map.ts";
import { ByteBuffer } from "./byte-buffer.ts";
import { Defragmenter } from "./defragment.ts";
import { type Endpoint, endpointOf } from "./endpoint.ts";
import { FlowKey } from "./flow-key.ts";
import { locate, located, Protocol } from "./locate.ts";
import { TCPReassembler, type TCPReassemblyOptions } from "./reassemble.ts";
import { SharedLimit } from "./shared-limit.ts";
import type { StreamSide } from "./tcp-chunk.ts";
import type { TCPStream, TCPStreamHandler } from "./tcp-stream.ts";

/** What a `DNSTracker` holds. */
export interface DNSTrackerOptions extends TCPReassemblyOptions {
  /** Queries that wait for a response; past it the oldest counts as unanswered. Default 10,000. */
  readonly maxQueries?: number;
  /** Questions and records of all queries that wait, which bounds memory; past it the oldest counts as unanswered. Default 100,000. */
  readonly maxRecords?: number;
  /** Bytes of messages over TCP that are not whole yet, over all streams; past it the one that waits for longest is lost. Default 16 MiB. */
  readonly maxTotalMessageBytes?: number;
  /** Seconds, in the time of the capture, after which a query counts as unanswered. Default 30. */
  readonly queryTimeout?: number;
}

/** A message of DNS. */
export interface DNSMessage {
  readonly time: Timestamp;
  readonly id: number;
  readonly opcode: number;
  /** 0 is no error; the extended bits of EDNS are not in it. */
  readonly rcode: number;
  readonly authoritative: boolean;
  readonly truncated: boolean;
  readonly questions: readonly DNSQuestion[];
  readonly answers: readonly DNSRecord[];
  readonly authorities: readonly DNSRecord[];
  readonly additionals: readonly DNSRecord[];
}

/** A query and its response. Without `response` it is unanswered; without `query` the capture lacks that. */
export class DNSTransaction {
  /** Who asks. */
  readonly client: Endpoint;
  readonly server: Endpoint;
  readonly transport: "udp" | "tcp";
  query: DNSMessage | undefined;
  response: DNSMessage | undefined;
  /** How often the query came again before a response. */
  retransmissions = 0;

  /** @internal */
  constructor(client: Endpoint, server: Endpoint, transport: "udp" | "tcp") {
    this.client = client;
    this.server = server;
    this.transport = transport;
  }

  /** What is asked. */
  get questions(): readonly DNSQuestion[] {
    return (this.query ?? this.response)?.questions ?? [];
  }

  /** Seconds from the first query to the response; `undefined` unless both are there. */
  get latency(): number | undefined {
    const [from, to] = [this.query?.time, this.response?.time];
    if (from === undefined || to === undefined) return undefined;
    return to.seconds - from.seconds + (to.nanoseconds - from.nanoseconds) / 1e9;
  }
}

const DNS_PORTS = new Set([53, 5353, 5355]);
const MESSAGE_HEADER = 12;
/** A query is recognised by so many of its questions: servers answer one, and hostile messages have thousands. */
const MAX_KEY_QUESTIONS = 4;

/**
 * Pairs the DNS queries and responses of a capture, over UDP and over TCP, on the ports of DNS, mDNS and LLMNR and where
 * `bindLayer` puts it. `onTransaction` is called with each response, and for each query that stays without one.
 *
 * Throws an `InvalidValueError` for an option that is out of range.
 */
export class DNSTracker {
  readonly #onTransaction: (transaction: DNSTransaction) => void;
  readonly #maxQueries: number;
  readonly #maxRecords: number;
  readonly #timeout: number;
  readonly #held: SharedLimit<Messages>;
  readonly #queries = new AgedMap<string, DNSTransaction>();
  /** Questions and records of `#queries`. */
  #records = 0;
  readonly #fragments = new Defragmenter();
  readonly #reassembler: TCPReassembler;
  readonly #key = new FlowKey();

  constructor(onTransaction: (transaction: DNSTransaction) => void, options: DNSTrackerOptions = {}) {
    if (typeof onTransaction !== "function") throw new InvalidValueError("onTransaction", onTransaction, "a function");
    const {
      maxQueries = 10_000,
      maxRecords = 100_000,
      maxTotalMessageBytes = 16 * 2 ** 20,
      queryTimeout = 30,
    } = options;
    if (typeof queryTimeout !== "number" || !(queryTimeout > 0))
      throw new InvalidValueError("queryTimeout", queryTimeout, "seconds above 0");
    this.#onTransaction = onTransaction;
    this.#maxQueries = checkInteger("maxQueries", maxQueries, 1, Number.MAX_SAFE_INTEGER);
    this.#maxRecords = checkInteger("maxRecords", maxRecords, 1, Number.MAX_SAFE_INTEGER);
    const total = checkInteger("maxTotalMessageBytes", maxTotalMessageBytes, 1, Number.MAX_SAFE_INTEGER);
    this.#held = new SharedLimit(total, (messages) => messages.gap());
    this.#timeout = queryTimeout;
    this.#reassembler = new TCPReassembler((stream) => this.handler(stream), options);
  }

  /** Takes the next packet of the capture. */
  add(packet: Packet): void {
    const whole = this.#fragments.add(packet);
    if (whole === undefined) return;
    this.addDatagram(whole);
    this.#reassembler.add(whole);
  }

  /** Takes a packet whose TCP segments go to a `TCPReassembler` of your own with `handler`. */
  addDatagram(packet: Packet): void {
    if (!locate(packet) || located.protocol !== Protocol.UDP || located.transport < 0) return;
    const { buffer: b } = packet;
    const { ip, version, transport: at, end } = located;
    const sport = (b[at]! << 8) | b[at + 1]!;
    const dport = (b[at + 2]! << 8) | b[at + 3]!;
    const view = packet.get(DNS);
    if (view === undefined || view.offset < at || end - view.offset < MESSAGE_HEADER) return;
    const key = this.#key;
    key.setFlow(b, ip, version, Protocol.UDP, sport, dport);
    const [source, destination] = [endpointOf(key, !key.swapped), endpointOf(key, key.swapped)];
    this.#message(b.subarray(view.offset, view.end), source, destination, "udp", packet.time);
  }

  /** The capture ends: queries that wait are unanswered. */
  finish(): void {
    this.#reassembler.finish();
    for (const transaction of this.#queries.values()) this.#onTransaction(transaction);
    this.#queries.clear();
    this.#records = 0;
  }

  /** The handler of one stream; `undefined` for one that is not on a port of DNS. */
  handler(stream: TCPStream): TCPStreamHandler | undefined {
    if (!DNS_PORTS.has(stream.server.port) && !DNS_PORTS.has(stream.client.port)) return undefined;
    const ends = { client: stream.client, server: stream.server };
    const messages = (from: StreamSide) =>
      new Messages((bytes, time) =>
        this.#message(bytes, ends[from], ends[from === "client" ? "server" : "client"], "tcp", time),
      );
    const sides = { client: messages("client"), server: messages("server") };
    return {
      data: ({ from, bytes, missing, time }) => {
        const side = sides[from];
        if (missing > 0) side.gap();
        else side.push(bytes, time);
        this.#held.set(side, side.memory);
      },
      close: () => {
        for (const side of [sides.client, sides.server]) this.#held.set(side, 0);
      },
    };
  }

  #message(bytes: Uint8Array, from: Endpoint, to: Endpoint, transport: "udp" | "tcp", time: Timestamp): void {
    this.#expire(time.seconds);
    const view = DNS.decode(bytes);
    if (view === undefined) return;
    const { id, opcode, rcode, questions, answers, authorities, additionals } = view;
    const message: DNSMessage = {
      time,
      id,
      opcode,
      rcode,
      authoritative: view.authoritative === 1,
      truncated: view.truncated === 1,
      questions,
      answers,
      authorities,
      additionals,
    };
    const [client, server] = view.response ? [to, from] : [from, to];
    const asked = questions
      .slice(0, MAX_KEY_QUESTIONS)
      .map(({ name, type, class: of }) => `${name.toLowerCase()} ${type} ${of}`)
      .join();
    const key = `${transport} ${client.address} ${client.port} ${server.address} ${server.port} ${id} ${asked}`;
    const waiting = this.#queries.get(key);
    if (!view.response) {
      if (waiting !== undefined) {
        waiting.retransmissions++;
        return;
      }
      const transaction = new DNSTransaction(client, server, transport);
      transaction.query = message;
      this.#queries.set(key, transaction);
      this.#records += size(message);
      while (this.#queries.size > this.#maxQueries || this.#records > this.#maxRecords) this.#giveUp();
      return;
    }
    const transaction = waiting ?? new DNSTransaction(client, server, transport);
    if (waiting !== undefined) this.#remove(key, waiting);
    transaction.response = message;
    this.#onTransaction(transaction);
  }

  #giveUp(): void {
    const { oldest } = this.#queries;
    if (oldest === undefined) return;
    this.#remove(oldest.key, oldest.value);
    this.#onTransaction(oldest.value);
  }

  #remove(key: string, { query }: DNSTransaction): void {
    this.#queries.delete(key);
    this.#records -= size(query!);
  }

  #expire(now: number): void {
    for (let at = this.#queries.oldest; at !== undefined; at = this.#queries.oldest) {
      if (now - at.value.query!.time.seconds <= this.#timeout) return;
      this.#giveUp();
    }
  }
}

/** What a message takes of `maxRecords`. */
function size({ questions, answers, authorities, additionals }: DNSMessage): number {
  return 1 + questions.length + answers.length + authorities.length + additionals.length;
}

/** Splits one direction of a TCP connection into messages by the lengths before them (RFC 1035 section 4.2.2). */
class Messages {
  readonly #tell: (bytes: Uint8Array, time: Timestamp) => void;
  readonly #unread = new ByteBuffer();
  #time = new Timestamp(0, 0);
  #lost = false;

  constructor(tell: (bytes: Uint8Array, time: Timestamp) => void) {
    this.#tell = tell;
  }

  /** Memory of a message that is not whole yet. */
  get memory(): number {
    return this.#unread.memory;
  }

  /** Where the next message starts is not known behind a gap. */
  gap(): void {
    this.#lost = true;
    this.#unread.clear();
  }

  push(bytes: Uint8Array, time: Timestamp): void {
    if (this.#lost) return;
    if (this.#unread.length === 0) this.#time = time;
    this.#unread.push(bytes);
    const all = this.#unread.bytes;
    let at = 0;
    while (all.length - at >= 2) {
      const end = at + 2 + ((all[at]! << 8) | all[at + 1]!);
      if (all.length < end) break;
      this.#tell(all.subarray(at + 2, end), this.#time);
      this.#time = time;
      at = end;
    }
    if (at === 0) return;
    this.#unread.clear();
    this.#unread.push(all.subarray(at));
  }
}
