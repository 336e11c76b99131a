import { checkInteger, InvalidValueError } from "../errors.ts";
import type { Packet } from "../packet.ts";
import { Defragmenter, type DefragmentOptions } from "./defragment.ts";
import type { EndReason } from "./flow-table.ts";
import { Queue } from "./queue.ts";
import { TCPReassembler, type TCPReassemblyOptions } from "./reassemble.ts";
import { StreamChunk, type StreamSide } from "./tcp-chunk.ts";
import type { TCPStream } from "./tcp-stream.ts";

/** Packets of a capture, in its order: `openCapture(…)`, `readCapture(…)`, `sniff(…)`, an array. */
export type PacketSource = AsyncIterable<Packet> | Iterable<Packet>;

/** What a byte stream does where the capture lacks bytes. */
export type GapPolicy =
  /** Reading fails with a `StreamGapError`. */
  | "error"
  /** What follows comes next. */
  | "skip"
  /** Zeros stand for the bytes. */
  | "zeros";

/** How `follow` reads, besides how segments are put in order. */
export interface FollowOptions extends TCPReassemblyOptions {
  /** Which streams to give; the others cost nothing. Default all. */
  match?(stream: TCPStream): boolean;
  /** What `client` and `server` do at a gap. Default `error`. */
  readonly gaps?: GapPolicy;
  /** Bytes that were followed and not yet read, over all streams; further ones are gaps, and counted. Default 64 MiB. */
  readonly maxUnreadBytes?: number;
  /** Streams that appeared while others were read, and were not given yet; further ones are left out, and counted. Default 262,144. */
  readonly maxUnreadStreams?: number;
  /** Limits of putting IP fragments together, or `false` to leave them apart. */
  readonly defragment?: DefragmentOptions | false;
}

/** What `follow` has seen, and what its limits took. */
export interface FollowStatistics {
  /** Streams so far that `match` takes, those that were left out included. */
  readonly streams: number;
  /** Streams that `maxUnreadStreams` left out. */
  readonly leftOut: number;
  /** Bytes that became gaps although the capture has them, as `maxUnreadBytes` were unread. */
  readonly lostBytes: number;
  /** IP datagrams that were given up before they were whole. */
  readonly lostDatagrams: number;
}

/** The streams of a capture as they appear, and the counters so far. */
export interface FollowedStreams extends AsyncGenerator<FollowedStream, void> {
  readonly statistics: FollowStatistics;
}

/** Bytes are missing of a stream that is read as bytes. */
export class StreamGapError extends Error {
  override readonly name = "StreamGapError";
  readonly code = "ERR_STREAM_GAP";
  /** Where they would start, in bytes from the start of the direction. */
  readonly offset: number;
  readonly missing: number;

  constructor(from: StreamSide, offset: number, missing: number) {
    super(`${missing} bytes that the ${from} sent are missing, from byte ${offset} of its stream on`);
    this.offset = offset;
    this.missing = missing;
  }
}

/** Memory that an unread chunk takes besides its bytes. */
const CHUNK_OVERHEAD = 128;
/** Zeros come in pieces of at most this size. */
const ZEROS = new Uint8Array(64 * 1024);

/** An unread chunk, and its place among those of both directions. */
interface Unread {
  readonly order: number;
  readonly chunk: StreamChunk;
}

/** Bytes that wait to be read, over all streams of one `follow`. */
interface Budget {
  left: number;
  /** Bytes that found no room. */
  lost: number;
}

/**
 * A TCP stream to read: `client` and `server` are what each side sent, as byte streams; iterating the stream itself
 * gives both interleaved, gaps included. Each chunk is given once, whichever way it is read.
 */
export class FollowedStream implements AsyncIterable<StreamChunk> {
  /** Endpoints, times and state. */
  readonly stream: TCPStream;
  /** What the client sent. */
  readonly client: AsyncIterable<Uint8Array>;
  /** What the server sent. */
  readonly server: AsyncIterable<Uint8Array>;
  readonly #pump: () => Promise<boolean>;
  readonly #budget: Budget;
  readonly #unread: Record<StreamSide, Queue<Unread>> = { client: new Queue(), server: new Queue() };
  readonly #over: Record<StreamSide, boolean> = { client: false, server: false };
  #order = 0;

  /** @internal `pump` takes another packet; it gives false at the end. */
  constructor(stream: TCPStream, pump: () => Promise<boolean>, gaps: GapPolicy, budget: Budget) {
    this.stream = stream;
    this.#pump = pump;
    this.#budget = budget;
    this.client = { [Symbol.asyncIterator]: () => this.#bytes("client", gaps) };
    this.server = { [Symbol.asyncIterator]: () => this.#bytes("server", gaps) };
  }

  /** Chunks of both directions in the order in which they were complete. */
  async *[Symbol.asyncIterator](): AsyncGenerator<StreamChunk, void> {
    try {
      for (;;) {
        const { client, server } = this.#unread;
        const [c, s] = [client.first, server.first];
        const from = c !== undefined && (s === undefined || c.order < s.order) ? "client" : "server";
        const chunk = this.#take(from);
        if (chunk !== undefined) yield chunk;
        else if ((this.#over.client && this.#over.server) || !(await this.#pump())) {
          if (client.length + server.length === 0) return;
        }
      }
    } finally {
      this.discard();
    }
  }

  /** Lets go of what is unread and of all that would come. */
  discard(): void {
    for (const side of ["client", "server"] as const) this.#discard(side);
  }

  /** @internal */
  push(chunk: StreamChunk): void {
    const { from, bytes, missing, offset, seconds, nanoseconds } = chunk;
    if (this.#over[from]) return;
    const queue = this.#unread[from];
    const cost = bytes.length + CHUNK_OVERHEAD;
    const last = queue.last?.chunk;
    if (missing > 0 || cost > this.#budget.left) {
      const lost = missing + bytes.length;
      this.#budget.lost += bytes.length;
      // Gaps that follow each other are one, so that they take no memory either.
      if (last !== undefined && last.missing > 0) {
        const gap = new StreamChunk(from, last.bytes, last.missing + lost, last.offset, seconds, nanoseconds);
        queue.replaceLast({ order: queue.last!.order, chunk: gap });
        return;
      }
      this.#budget.left -= CHUNK_OVERHEAD;
      const gap = new StreamChunk(from, bytes.subarray(0, 0), lost, offset, seconds, nanoseconds);
      queue.push({ order: this.#order++, chunk: gap });
      return;
    }
    this.#budget.left -= cost;
    // A copy: a chunk of a few bytes must not hold the piece of the file that its packet lies in.
    const copy = new StreamChunk(from, bytes.slice(), 0, offset, seconds, nanoseconds);
    queue.push({ order: this.#order++, chunk: copy });
  }

  /** @internal Nothing more comes from a side. */
  end(from: StreamSide): void {
    this.#over[from] = true;
  }

  #take(from: StreamSide): StreamChunk | undefined {
    const unread = this.#unread[from].shift();
    if (unread === undefined) return undefined;
    this.#budget.left += unread.chunk.bytes.length + CHUNK_OVERHEAD;
    return unread.chunk;
  }

  #discard(from: StreamSide): void {
    this.#over[from] = true;
    while (this.#take(from) !== undefined);
  }

  async *#bytes(from: StreamSide, gaps: GapPolicy): AsyncGenerator<Uint8Array, void> {
    try {
      for (;;) {
        const chunk = this.#take(from);
        if (chunk === undefined) {
          if (this.#over[from]) return;
          if (!(await this.#pump()) && this.#unread[from].length === 0) return;
        } else if (chunk.missing === 0) yield chunk.bytes;
        else if (gaps === "error") throw new StreamGapError(from, chunk.offset, chunk.missing);
        else if (gaps === "zeros") {
          for (let left = chunk.missing; left > 0; left -= ZEROS.length)
            yield ZEROS.slice(0, Math.min(left, ZEROS.length));
        }
      }
    } finally {
      this.#discard(from);
    }
  }
}

/**
 * Gives the TCP streams of a capture as they appear, each to be read at once or later. Reading a stream takes packets
 * from the capture; what belongs to other streams waits for their readers, as long as `maxUnreadBytes` allows; what the
 * limits took is in `statistics`.
 *
 * Throws an `InvalidValueError` for an option that is out of range.
 */
export function follow(packets: PacketSource, options: FollowOptions = {}): FollowedStreams {
  const { match, gaps = "error", maxUnreadBytes = 64 * 2 ** 20, defragment = {} } = options;
  if (gaps !== "error" && gaps !== "skip" && gaps !== "zeros")
    throw new InvalidValueError("gaps", gaps, '"error", "skip" or "zeros"');
  if (match !== undefined && typeof match !== "function") throw new InvalidValueError("match", match, "a function");
  const budget = { left: checkInteger("maxUnreadBytes", maxUnreadBytes, 1, Number.MAX_SAFE_INTEGER), lost: 0 };
  const most = checkInteger("maxUnreadStreams", options.maxUnreadStreams ?? 262_144, 1, Number.MAX_SAFE_INTEGER);
  const opened = new Queue<FollowedStream>();
  const fragments = defragment === false ? undefined : new Defragmenter(defragment);
  let streams = 0;
  let leftOut = 0;
  const reassembler = new TCPReassembler((stream) => {
    if (match !== undefined && !match(stream)) return undefined;
    streams++;
    if (opened.length >= most) {
      leftOut++;
      return undefined;
    }
    const followed = new FollowedStream(stream, pump, gaps, budget);
    opened.push(followed);
    return {
      data: (chunk) => followed.push(chunk),
      fin: (from) => followed.end(from),
      close(_reason: EndReason) {
        followed.end("client");
        followed.end("server");
      },
    };
  }, options);
  const source = iterate(packets);
  let over = false;
  let pumping: Promise<boolean> | undefined;
  const step = async (): Promise<boolean> => {
    if (over) return false;
    const { done, value } = await source.next();
    if (done) {
      over = true;
      reassembler.finish();
      return false;
    }
    const whole = fragments === undefined ? value : fragments.add(value);
    if (whole !== undefined) reassembler.add(whole);
    return true;
  };
  // Readers of several streams may wait at once: they wait for the same packet.
  function pump(): Promise<boolean> {
    pumping ??= step().finally(() => {
      pumping = undefined;
    });
    return pumping;
  }
  const given = (async function* (): AsyncGenerator<FollowedStream, void> {
    try {
      for (;;) {
        const next = opened.shift();
        if (next !== undefined) yield next;
        else if (!(await pump()) && opened.length === 0) return;
      }
    } finally {
      if (!over) await source.return?.();
      over = true;
    }
  })();
  const statistics = (): FollowStatistics => ({
    streams,
    leftOut,
    lostBytes: budget.lost,
    lostDatagrams: fragments?.statistics.dropped ?? 0,
  });
  return Object.defineProperty(given, "statistics", { get: statistics }) as FollowedStreams;
}

function iterate(packets: PacketSource): AsyncIterator<Packet> | Iterator<Packet> {
  if (typeof packets !== "object" || packets === null)
    throw new InvalidValueError("packets", packets, "an iterable of packets");
  if (Symbol.asyncIterator in packets) return packets[Symbol.asyncIterator]();
  if (Symbol.iterator in packets) return packets[Symbol.iterator]();
  throw new InvalidValueError("packets", packets, "an iterable of packets");
}
