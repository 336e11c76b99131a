import { u32 } from "../container/bytes.ts";
import { checkInteger, InvalidValueError } from "../errors.ts";
import { TCPFlags } from "../layers/tcp.ts";
import type { Packet } from "../packet.ts";
import { AgedMap } from "./aged-map.ts";
import { icmpAnswer } from "./community-id.ts";
import { Conversation } from "./conversation.ts";
import { keepWords } from "./endpoint.ts";
import { Flow } from "./flow.ts";
import { FlowKey } from "./flow-key.ts";
import { type EndReason, FlowTable } from "./flow-table.ts";
import { locate, located, Protocol } from "./locate.ts";
import { guessClient } from "./tcp-roles.ts";
import { most } from "./top.ts";

/** What a `FlowTracker` may hold, and what it tells. */
export interface FlowTrackerOptions {
  /** Flows that are held, ended ones too; the ended ones are forgotten first, then the quietest. Default 100,000. */
  readonly maxFlows?: number;
  /** Conversations of each kind that are held; the quietest are forgotten first. Default 100,000. */
  readonly maxConversations?: number;
  /** Seconds without a packet, in the time of the capture, after which a flow ends. Default 3,600. */
  readonly idleTimeout?: number;
  /** Called when a flow ends. */
  onEnd?(flow: Flow): void;
}

/** What conversations are between. */
export type ConversationKind = "ip" | "ethernet";

/** Sums over all packets that a tracker was given. */
export interface TrackerTotals {
  readonly packets: number;
  readonly bytes: number;
  /** Flows so far. */
  readonly flows: number;
  /** Flows and conversations that the limits took out of memory. */
  readonly forgotten: number;
}

/**
 * Counts packets by flow and by pair of addresses, while they come. Works on a live capture as on a file: `add` each
 * packet, and look at any time. Tunnels: a flow is the innermost one; conversations count each IP header.
 *
 * Throws an `InvalidValueError` for an option that is out of range.
 */
export class FlowTracker implements Iterable<Flow> {
  readonly #maxFlows: number;
  readonly #onEnd: ((flow: Flow) => void) | undefined;
  readonly #flows: FlowTable<Flow>;
  readonly #ended = new AgedMap<Flow, Flow>();
  readonly #ip: FlowTable<Conversation>;
  readonly #ethernet: FlowTable<Conversation>;
  readonly #key = new FlowKey();
  #packets = 0;
  #bytes = 0;
  #count = 0;
  #forgotten = 0;

  constructor(options: FlowTrackerOptions = {}) {
    const { maxFlows = 100_000, maxConversations = 100_000, idleTimeout = 3600, onEnd } = options;
    if (typeof idleTimeout !== "number" || !(idleTimeout > 0))
      throw new InvalidValueError("idleTimeout", idleTimeout, "seconds above 0");
    if (onEnd !== undefined && typeof onEnd !== "function") throw new InvalidValueError("onEnd", onEnd, "a function");
    this.#maxFlows = checkInteger("maxFlows", maxFlows, 1, Number.MAX_SAFE_INTEGER);
    checkInteger("maxConversations", maxConversations, 1, Number.MAX_SAFE_INTEGER);
    this.#onEnd = onEnd;
    this.#flows = new FlowTable(maxFlows, idleTimeout, (flow, reason) => this.#end(flow, reason));
    const forget = () => {
      this.#forgotten++;
    };
    this.#ip = new FlowTable(maxConversations, Number.POSITIVE_INFINITY, forget);
    this.#ethernet = new FlowTable(maxConversations, Number.POSITIVE_INFINITY, forget);
  }

  /** Flows that are held. */
  get size(): number {
    return this.#flows.size + this.#ended.size;
  }

  get totals(): TrackerTotals {
    return { packets: this.#packets, bytes: this.#bytes, flows: this.#count, forgotten: this.#forgotten };
  }

  /** Flows that are held: ended ones first, then the quietest. */
  *[Symbol.iterator](): Generator<Flow> {
    yield* this.#ended.values();
    yield* this.#flows.values();
  }

  /** Conversations that are held, the quietest first. */
  conversations(kind: ConversationKind = "ip"): Iterable<Conversation> {
    if (kind !== "ip" && kind !== "ethernet") throw new InvalidValueError("kind", kind, '"ip" or "ethernet"');
    const table = kind === "ip" ? this.#ip : this.#ethernet;
    return { [Symbol.iterator]: () => table.values() };
  }

  /** The `count` flows with the most bytes, or packets; one pass, without sorting all. */
  top(count: number, by: "bytes" | "packets" = "bytes"): Flow[] {
    return most(this, count, by);
  }

  /** The `count` conversations with the most bytes, or packets. */
  topConversations(count: number, kind: ConversationKind = "ip", by: "bytes" | "packets" = "bytes"): Conversation[] {
    return most(this.conversations(kind), count, by);
  }

  /** Counts a packet; its flow, or `undefined` when it holds no IP packet. */
  add(packet: Packet): Flow | undefined {
    const { seconds, nanoseconds, originalLength: bytes, buffer } = packet;
    this.#packets++;
    this.#bytes += bytes;
    const isIP = locate(packet);
    const { ethernets, ips } = located;
    const key = this.#key;
    for (let i = 0; i < ethernets.length; i++) {
      key.setEthernet(buffer, ethernets[i]!);
      this.#converse(this.#ethernet, packet);
    }
    if (!isIP) return undefined;
    for (let i = 0; i < ips.length; i++) {
      key.setAddresses(buffer, ips[i]!, buffer[ips[i]!]! >> 4);
      this.#converse(this.#ip, packet);
    }
    this.#flows.expire(seconds);
    const flow = this.#flow(packet);
    flow.lastSeconds = seconds;
    flow.lastNanoseconds = nanoseconds;
    const toServer = !key.swapped === flow.internals.clientIsA;
    const counters = toServer ? flow.toServer : flow.toClient;
    counters.packets++;
    counters.bytes += bytes;
    const { transport, protocol } = located;
    if (transport < 0) return flow;
    if (protocol === Protocol.TCP) this.#segment(flow, toServer, packet);
    else if (protocol === Protocol.UDP) counters.payloadBytes += Math.max(0, located.wireEnd - transport - 8);
    return flow;
  }

  /** Ends all flows, and tells `onEnd`; they stay to be looked at. */
  finish(): void {
    this.#flows.clear("finished");
  }

  #converse(table: FlowTable<Conversation>, packet: Packet): void {
    const key = this.#key;
    const { seconds, nanoseconds, originalLength } = packet;
    let slot = table.find(key);
    if (slot === undefined) {
      const words = keepWords(key);
      slot = table.insert(words, new Conversation(words, key.swapped, packet.time), seconds);
    } else table.touch(slot, seconds);
    slot.value.count(key.swapped, originalLength, seconds, nanoseconds);
  }

  #flow(packet: Packet): Flow {
    const { buffer: b, seconds } = packet;
    const { ip, version, protocol, transport: at } = located;
    const key = this.#key;
    let flags = 0;
    if (at < 0) key.setFlow(b, ip, version, protocol, 0, 0);
    else if (protocol === Protocol.ICMP || protocol === Protocol.ICMPV6) {
      const answer = icmpAnswer(protocol, b[at]!);
      key.setFlow(b, ip, version, protocol, b[at]!, answer ?? b[at + 1]!, answer === undefined);
    } else {
      key.setFlow(b, ip, version, protocol, (b[at]! << 8) | b[at + 1]!, (b[at + 2]! << 8) | b[at + 3]!);
      if (protocol === Protocol.TCP) flags = b[at + 13]!;
    }
    const found = this.#flows.find(key);
    const opens = (flags & (TCPFlags.SYN | TCPFlags.ACK)) === TCPFlags.SYN;
    if (found !== undefined) {
      if (!opens || !isReused(found.value, key, u32(b, at + 4, true))) {
        this.#flows.touch(found, seconds);
        return found.value;
      }
      this.#flows.remove(found);
      this.#end(found.value, "reused");
    }
    if (this.size >= this.#maxFlows) this.#forgetEnded();
    const words = keepWords(key);
    const senderIsA = !key.swapped;
    const isTCP = protocol === Protocol.TCP && at >= 0;
    const clientIsA =
      flags & TCPFlags.SYN ? senderIsA === opens : isTCP ? guessClient(words.ports, senderIsA) : senderIsA;
    const flow = new Flow(this.#count++, words, clientIsA, packet.time, isTCP ? "opening" : "open");
    this.#flows.insert(words, flow, seconds);
    return flow;
  }

  #segment(flow: Flow, toServer: boolean, packet: Packet): void {
    const { buffer: b } = packet;
    const at = located.transport;
    const length = Math.max(0, located.wireEnd - at - (b[at + 12]! >> 4) * 4);
    const flags = b[at + 13]!;
    const { internals } = flow;
    const own = toServer ? internals.client : internals.server;
    const other = toServer ? internals.server : internals.client;
    const counters = toServer ? flow.toServer : flow.toClient;
    const now = packet.seconds - flow.firstSeen.seconds + packet.nanoseconds / 1e9;
    const kind = own.segment(flags, u32(b, at + 4, true), length, now, internals.handshake);
    counters.payloadBytes += length;
    if (kind === "retransmission") counters.retransmissions++;
    else if (kind === "outOfOrder") counters.outOfOrder++;
    else if (kind === "keepAlive") counters.keepAlives++;
    const isSYN = (flags & TCPFlags.SYN) !== 0;
    const isACK = (flags & TCPFlags.ACK) !== 0;
    if (b[at + 14] === 0 && b[at + 15] === 0 && !isSYN && !(flags & (TCPFlags.RST | TCPFlags.FIN)))
      counters.zeroWindows++;
    if (isSYN) {
      // A repeated SYN starts the clock anew: which of them was answered is unknown.
      if (toServer) internals.synAt = now;
      else internals.synAckAt = now;
    } else if (isACK && toServer && internals.synAt >= 0 && internals.synAckAt >= 0 && internals.handshake < 0)
      internals.handshake = now - internals.synAt;
    if (isACK) internals.sample(other.acknowledged(u32(b, at + 8, true), now));
    if (flow.state === "closed") return;
    if (flags & TCPFlags.RST) flow.state = "reset";
    else if (own.finSeen && other.finSeen) flow.state = flow.state === "reset" ? "reset" : "closed";
    else if (flags & TCPFlags.FIN) flow.state = "closing";
    else if (flow.state === "opening" && (!toServer || !isSYN)) flow.state = "open";
  }

  #end(flow: Flow, reason: EndReason): void {
    const ended = flow.state === "closed" || flow.state === "reset" ? flow.state : reason;
    flow.endReason = ended;
    if (reason === "limit") this.#forgotten++;
    else {
      if (this.size >= this.#maxFlows) this.#forgetEnded();
      this.#ended.set(flow, flow);
    }
    this.#onEnd?.(flow);
  }

  #forgetEnded(): void {
    const { oldest } = this.#ended;
    if (oldest === undefined) return;
    this.#ended.delete(oldest.key);
    this.#forgotten++;
  }
}

/** The same SYN again is a retransmission; another one, or one after the end, opens another connection. */
function isReused(flow: Flow, key: FlowKey, sequence: number): boolean {
  const { client, server, clientIsA } = flow.internals;
  const sender = !key.swapped === clientIsA ? client : server;
  if (sender.base < 0) return false;
  return sender.base !== sequence || client.finSeen || server.finSeen || client.resetSeen || server.resetSeen;
}
