/** The endpoint: a datagram socket that sends in order, receives in batches and never throws away an error. */
import {
  type Address,
  AF_INET6,
  type Ancillary,
  ClosedError,
  type ExtendedError,
  MSG_ERRQUEUE,
  SendBatch,
  SO_MEMINFO,
  SOL_SOCKET,
  type Socket,
  type SocketError,
  type WaitOptions,
} from "@sockeye/socket-core";
import { Batch } from "./batch.ts";
import { checkAddress, checkData, checkInteger, rangeError } from "./check.ts";
import { Multicast } from "./multicast-options.ts";
import { bytesPerCall, MAX_BYTES_IPV4, MAX_BYTES_IPV6, segmentCount } from "./segmentation.ts";
import { type Counters, newCounters, type Statistics } from "./statistics.ts";

/** A received datagram. */
export interface Datagram {
  /** Its payload, in memory of its own. */
  data: Buffer;
  /** The sender. */
  from: Address;
  /** Where it was sent to, with `packetInfo`. */
  to?: string;
  /** The number of the interface that it came in on, with `packetInfo`. */
  interface?: number;
  /** Its remaining time to live, with `ttl` in `receive`. */
  ttl?: number;
  /** The two bits of RFC 3168, with `ecn`. */
  ecn?: number;
  /** When the kernel received it, in nanoseconds since 1970, with `timestamps`. */
  timestamp?: bigint;
  /** It was longer than `maxDatagramSize`, and is cut. Absent otherwise. */
  truncated?: true;
}

/** A datagram to send. */
export interface Outgoing {
  data: string | Uint8Array;
  /** Where to; on a connected endpoint its peer. */
  to?: Address;
}

/** One entry of the error queue. */
export interface DatagramError extends ExtendedError {
  /** The datagram that caused it, as far as the kernel kept it. */
  datagram: Buffer;
  /** Where that was sent to. */
  to: Address;
}

/** How an endpoint is made; see `bind`. @internal */
export interface EndpointSettings {
  batchSize: number;
  maxDatagramSize: number;
  segmentation: boolean;
  coalescing: boolean;
  metadata: boolean;
  connected: boolean;
}

/** Room for ancillary data in an error. */
const ERROR_CONTROL = 512;
const MAX_DATAGRAM = 65_535;
/** Position of the drop counter in SO_MEMINFO, sock_diag(7): SK_MEMINFO_DROPS. */
const MEMINFO_DROPS = 8;
const MEMINFO_SIZE = 36;
/** ECN is the lower two bits of the octet, RFC 3168 section 5. */
const ECN_MASK = 3;

const done: Promise<void> = Promise.resolve();

/** A failed send. Who looks at it has heard of the error; who drops it hears of it at the next call. */
class Failed<T> extends Promise<T> {
  onObserved: (() => void) | undefined;

  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  // biome-ignore lint/suspicious/noThenProperty: `await` looks for `then`, and that is what we want to know.
  override then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.onObserved?.();
    return super.then(onFulfilled, onRejected);
  }
}

/**
 * A UDP or Unix datagram socket. Nothing is received while nobody asks: the kernel's queue is the buffer, and what it
 * drops is counted in `statistics`. Sends keep their order.
 */
export class Endpoint implements AsyncIterable<Datagram>, AsyncDisposable {
  /** The socket underneath, for options that have no name here. Reading and closing are this endpoint's. */
  readonly socket: Socket;
  /** Groups and how datagrams to them leave. */
  readonly multicast: Multicast;
  readonly #settings: EndpointSettings;
  readonly #counters: Counters = newCounters();
  /** What was received ahead and not taken yet. */
  #ahead: Batch | undefined;
  #taken = 0;
  #batch: Batch | undefined;
  #outgoing: SendBatch | undefined;
  /** The last of the calls that wait for room, one after the other. */
  #sending: Promise<unknown> | undefined;
  #unreported: { error: unknown } | undefined;
  /** False after the kernel or the driver refused to segment. */
  #segments: boolean;

  /** @internal */
  constructor(socket: Socket, settings: EndpointSettings) {
    this.socket = socket;
    this.multicast = new Multicast(socket);
    this.#settings = settings;
    this.#segments = settings.segmentation;
  }

  /** Our address. Throws SocketError or ClosedError. */
  get address(): Address {
    return this.socket.getsockname();
  }

  /** The peer of a connected endpoint. Throws SocketError: ENOTCONN. */
  get remoteAddress(): Address {
    return this.socket.getpeername();
  }

  /** Whether sends of segments are one call for many datagrams; false after the kernel refused, and without support. */
  get segmentation(): boolean {
    return this.#segments;
  }

  /** What went through since the endpoint was made. */
  get statistics(): Statistics {
    return { ...this.#counters, dropped: this.#dropped() };
  }

  #dropped(): number {
    if (this.socket.closed || SO_MEMINFO === -1) return this.#counters.dropped;
    const info = this.socket.getsockopt(SOL_SOCKET, SO_MEMINFO, MEMINFO_SIZE);
    this.#counters.dropped = info.length >= MEMINFO_SIZE ? info.readUInt32LE(MEMINFO_DROPS * 4) : 0;
    return this.#counters.dropped;
  }

  #report(): void {
    const failed = this.#unreported;
    if (failed === undefined) return;
    this.#unreported = undefined;
    throw failed.error;
  }

  /** Rejects with the error, and keeps it until somebody looks at the promise. */
  #fail<T>(error: unknown): Promise<T> {
    const entry = { error };
    this.#unreported = entry;
    const failed = Failed.reject(error) as Failed<T>;
    failed.catch(() => {});
    failed.onObserved = () => {
      if (this.#unreported === entry) this.#unreported = undefined;
    };
    return failed;
  }

  #count(datagrams: number, bytes: number): void {
    this.#counters.sendCalls++;
    this.#counters.sent += datagrams;
    this.#counters.bytesSent += bytes;
  }

  /** Sends now or, where the kernel has no room, when it has, in order. `attempt` is true when it is done. */
  #send(attempt: () => boolean): Promise<void> {
    try {
      this.#report();
      if (this.#sending === undefined && attempt()) return done;
    } catch (error) {
      return this.#fail(error);
    }
    const before = this.#sending;
    const waiting = (async (): Promise<void> => {
      if (before !== undefined) await before.catch(() => {});
      while (!attempt()) await this.socket.writable({ timeout: null });
    })();
    this.#sending = waiting;
    const clear = (): void => {
      if (this.#sending === waiting) this.#sending = undefined;
    };
    return waiting.then(clear, (error) => {
      clear();
      return this.#fail<void>(error);
    });
  }

  /**
   * Sends one datagram, text as UTF-8. Resolves when the kernel has it. The promise may be dropped: a failure then
   * rejects the next call. `data` must be left alone until then. Rejects with SocketError: EMSGSIZE for more than
   * 65,507 bytes over IPv4 (65,527 over IPv6), EDESTADDRREQ without an address, ECONNREFUSED after an ICMP error.
   */
  send(data: string | Uint8Array, to?: Address): Promise<void> {
    let bytes: Uint8Array;
    try {
      bytes = checkData("data", data);
      if (to !== undefined) checkAddress("to", to);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#send(() => {
      const count = to === undefined ? this.socket.trySend(bytes) : this.socket.trySendto(bytes, to);
      if (count === null) return false;
      this.#count(1, bytes.length);
      return true;
    });
  }

  /**
   * Sends all datagrams, up to 64 in one call of the kernel. Resolves to their number. Rejects with the SocketError of
   * the first that fails, with `index`, and sends none after it.
   */
  async sendMany(datagrams: Iterable<Outgoing>): Promise<number> {
    this.#report();
    if (this.#sending !== undefined) await this.#sending.catch(() => {});
    this.#outgoing ??= new SendBatch(this.socket.family);
    const batch = this.#outgoing;
    let total = 0;
    batch.clear();
    for (const { data, to } of datagrams) {
      const bytes = checkData("data", data);
      if (bytes.length > MAX_DATAGRAM) throw rangeError("data", `at most ${MAX_DATAGRAM} bytes long`, bytes.length);
      if (!batch.add(bytes, to)) {
        total += await this.#flush(batch, total);
        batch.add(bytes, to);
      }
    }
    return total + (await this.#flush(batch, total));
  }

  async #flush(batch: SendBatch, before: number): Promise<number> {
    let sent = 0;
    while (sent < batch.length) {
      let count: number | null;
      try {
        count = this.socket.trySendMany(batch, sent);
      } catch (error) {
        batch.clear();
        throw Object.assign(error as Error, { index: before + sent });
      }
      if (count === null) await this.socket.writable({ timeout: null });
      else {
        this.#count(count, batch.bytes(sent, sent + count));
        sent += count;
      }
    }
    batch.clear();
    return sent;
  }

  /**
   * Sends `data` as datagrams of `segmentSize` bytes, the last one with what is left: with segmentation offload up to
   * 64 of them in one call of the kernel, without it in batches. Resolves to the number of datagrams. `data` must be
   * left alone until then. Rejects with SocketError, RangeError for a segment that is larger than a datagram.
   */
  async sendSegments(data: Uint8Array, segmentSize: number, to?: Address): Promise<number> {
    const bytes = checkData("data", data);
    const most = this.socket.family === AF_INET6 ? MAX_BYTES_IPV6 : MAX_BYTES_IPV4;
    checkInteger("segmentSize", segmentSize, 1, most);
    if (to !== undefined) checkAddress("to", to);
    this.#report();
    if (this.#sending !== undefined) await this.#sending.catch(() => {});
    let start = 0;
    while (start < bytes.length && this.#segments) {
      const part = bytes.subarray(start, start + bytesPerCall(segmentSize, most));
      try {
        const count = this.socket.trySendSegments(part, segmentSize, to);
        if (count === null) {
          await this.socket.writable({ timeout: null });
          continue;
        }
        const segments = segmentCount(part.length, segmentSize);
        this.#count(segments, part.length);
        if (segments > 1) this.#counters.segmentsSent += segments;
        start += part.length;
      } catch (error) {
        // The driver cannot checksum, or the kernel does not know the option: from now on without.
        const { code } = error as SocketError;
        if (code !== "EIO" && code !== "EINVAL" && code !== "ENOSYS" && code !== "ENOPROTOOPT") throw error;
        this.#segments = false;
      }
    }
    if (start < bytes.length) await this.sendMany(segmentsOf(bytes.subarray(start), segmentSize, to));
    return segmentCount(bytes.length, segmentSize);
  }

  /** Resolves when every send so far is with the kernel. Rejects with a failure that nobody has seen. */
  async flush(): Promise<void> {
    while (this.#sending !== undefined) await this.#sending.catch(() => {});
    this.#report();
  }

  #newBatch(): Batch {
    const { batchSize, maxDatagramSize, coalescing } = this.#settings;
    return new Batch(batchSize, maxDatagramSize, coalescing);
  }

  /** Fills the batch with what is there; false when there is nothing. */
  #fill(batch: Batch): boolean {
    const count = this.socket.tryReceiveMany(batch.received);
    if (count === null) return false;
    batch.index(this.#settings.coalescing);
    const counters = this.#counters;
    counters.receiveCalls++;
    counters.received += batch.length;
    counters.bytesReceived += batch.totalBytes;
    counters.segmentsReceived += batch.segments;
    return true;
  }

  async #wait(batch: Batch, options: WaitOptions | undefined): Promise<void> {
    while (!this.#fill(batch)) await this.socket.readable(options);
  }

  /**
   * The next datagram. Rejects with SocketError (on a connected endpoint ECONNREFUSED after an ICMP error, and it goes
   * on), TimeoutError, AbortError, ClosedError or BusyError; cancelling loses nothing.
   */
  async receive(options?: WaitOptions): Promise<Datagram> {
    this.#report();
    this.#ahead ??= this.#newBatch();
    if (this.#taken >= this.#ahead.length) {
      this.#taken = 0;
      this.#ahead.clear();
      await this.#wait(this.#ahead, options);
    }
    return this.#take(this.#ahead, this.#taken++);
  }

  #take(batch: Batch, index: number): Datagram {
    const datagram: Datagram = { data: Buffer.from(batch.data(index)), from: batch.from(index) };
    if (batch.truncated(index)) datagram.truncated = true;
    if (this.#settings.metadata) describe(datagram, batch.ancillary(index));
    return datagram;
  }

  /**
   * The datagrams that are there, at least one: a batch that is good until the next call and copies nothing. What
   * `receive` or the iteration read ahead comes first. Rejects as `receive` does.
   */
  async receiveMany(options?: WaitOptions): Promise<Batch> {
    this.#report();
    if (this.#ahead !== undefined && this.#taken < this.#ahead.length) {
      const ahead = this.#ahead;
      ahead.skip(this.#taken);
      this.#ahead = this.#batch;
      this.#ahead?.clear();
      this.#taken = 0;
      this.#batch = ahead;
      return ahead;
    }
    this.#batch ??= this.#newBatch();
    await this.#wait(this.#batch, options);
    return this.#batch;
  }

  /** Datagrams until the endpoint is closed. `break` loses none of those that were read ahead. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Datagram, void, undefined> {
    for (;;) {
      try {
        yield await this.receive();
      } catch (error) {
        if (error instanceof ClosedError) return;
        throw error;
      }
    }
  }

  /**
   * What went wrong with datagrams that were sent, from the error queue (`errorQueue: true` in `bind`), until the
   * endpoint is closed. Linux only. Do not receive at the same time.
   */
  async *errors(options?: WaitOptions): AsyncGenerator<DatagramError, void, undefined> {
    for (;;) {
      try {
        const message = await this.socket.recvmsg(MAX_DATAGRAM, ERROR_CONTROL, { ...options, flags: MSG_ERRQUEUE });
        const { error } = message.ancillary;
        if (error !== undefined) yield { ...error, datagram: message.data, to: message.address };
      } catch (failure) {
        if (failure instanceof ClosedError) return;
        throw failure;
      }
    }
  }

  /** Pending calls keep the process alive, which is the default; `unref` ends that. */
  ref(): this {
    this.socket.ref();
    return this;
  }
  unref(): this {
    this.socket.unref();
    return this;
  }

  /** Sends what waits, and closes; waiting calls get a ClosedError. Never rejects; closing again does nothing. */
  async close(): Promise<void> {
    while (this.#sending !== undefined && !this.socket.closed) await this.#sending.catch(() => {});
    if (!this.socket.closed) this.#dropped();
    this.socket.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function* segmentsOf(data: Uint8Array, size: number, to: Address | undefined): Generator<Outgoing> {
  for (let at = 0; at < data.length; at += size) {
    yield { data: data.subarray(at, at + size), ...(to !== undefined && { to }) };
  }
}

function describe(datagram: Datagram, ancillary: Ancillary): void {
  const { packetInfo, ttl, tos, timestamp } = ancillary;
  if (packetInfo !== undefined) {
    datagram.to = packetInfo.address;
    datagram.interface = packetInfo.interface;
  }
  if (ttl !== undefined) datagram.ttl = ttl;
  if (tos !== undefined) datagram.ecn = tos & ECN_MASK;
  if (timestamp !== undefined) datagram.timestamp = timestamp;
}
