import type { Timestamp } from "../timestamp.ts";
import { type Endpoint, endpointOf } from "./endpoint.ts";
import type { FlowWords } from "./flow-key.ts";
import type { EndReason } from "./flow-table.ts";
import { StreamChunk, type StreamSide } from "./tcp-chunk.ts";
import { type OverlapPolicy, TCPDirection } from "./tcp-direction.ts";

/** Where a connection stands. */
export type TCPState =
  /** A SYN, and nothing that shows the other side took it. */
  | "opening"
  | "open"
  /** One side sent FIN. */
  | "closing"
  /** Both sides sent FIN, and all before it was seen. */
  | "closed"
  | "reset";

/** What is told about a stream. All parts are optional. */
export interface TCPStreamHandler {
  /** The next bytes of one direction, or a gap. */
  data?(chunk: StreamChunk): void;
  /** A side has sent all it had, and it was given out. */
  fin?(from: StreamSide): void;
  /** Nothing more comes. Told once. */
  close?(reason: EndReason): void;
}

/** How much of one direction was seen. */
export interface StreamCounters {
  /** Bytes given out. */
  readonly bytes: number;
  /** Bytes that the capture lacks. */
  readonly missing: number;
  /** Bytes that came more than once. */
  readonly duplicates: number;
}

/** A TCP connection, as far as the capture shows it. */
export class TCPStream {
  /** Number from 0, in the order of appearance. */
  readonly index: number;
  /** Who opened the connection; without a SYN whoever has the higher port, when the other is below 1024, or spoke first. */
  get client(): Endpoint {
    this.#client ??= endpointOf(this.#words, this.#clientIsA);
    return this.#client;
  }

  get server(): Endpoint {
    this.#server ??= endpointOf(this.#words, !this.#clientIsA);
    return this.#server;
  }

  /** Who sent the first packet seen. */
  readonly firstSender: StreamSide;
  readonly firstSeen: Timestamp;
  lastSeen: Timestamp;
  state: TCPState = "opening";
  /** Whether the connection was seen from its SYN on. */
  readonly fromStart: boolean;
  /** Why it ended; `undefined` while it lasts. */
  endReason: EndReason | undefined;
  /** @internal */
  readonly directions: Readonly<Record<StreamSide, TCPDirection>>;
  /** @internal */
  handler: TCPStreamHandler | undefined;
  readonly #words: FlowWords;
  readonly #clientIsA: boolean;
  #client: Endpoint | undefined;
  #server: Endpoint | undefined;

  /** @internal */
  constructor(
    index: number,
    words: FlowWords,
    clientIsA: boolean,
    firstSender: StreamSide,
    fromStart: boolean,
    time: Timestamp,
    policy: OverlapPolicy,
  ) {
    this.index = index;
    this.#words = words;
    this.firstSender = firstSender;
    this.fromStart = fromStart;
    this.firstSeen = time;
    this.lastSeen = time;
    this.#clientIsA = clientIsA;
    const direction = (from: StreamSide): TCPDirection =>
      new TCPDirection(policy, (bytes, missing, offset, seconds, nanoseconds) =>
        this.handler?.data?.(new StreamChunk(from, bytes, missing, offset, seconds, nanoseconds)),
      );
    this.directions = { client: direction("client"), server: direction("server") };
  }

  /** What the client sent. */
  get toServer(): StreamCounters {
    return counters(this.directions.client);
  }

  /** What the server sent. */
  get toClient(): StreamCounters {
    return counters(this.directions.server);
  }

  /** @internal The side that sends when the lower endpoint of the key does, or the higher. */
  side(fromA: boolean): StreamSide {
    return fromA === this.#clientIsA ? "client" : "server";
  }

  /** @internal Memory of what waits for earlier segments. */
  get waitingBytes(): number {
    return this.directions.client.waitingBytes + this.directions.server.waitingBytes;
  }
}

function counters({ position, missing, duplicates }: TCPDirection): StreamCounters {
  return { bytes: position - missing, missing, duplicates };
}
