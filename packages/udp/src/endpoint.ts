/** The endpoint: a datagram socket that sends in order, receives in batches and never throws away an error. */
import { getSystemErrorName } from "node:util";
import {
  AbortError,
  type Address,
  BusyError,
  ClosedError,
  MSG_ERRQUEUE,
  SO_MEMINFO,
  SOL_SOCKET,
  type Socket,
  type WaitOptions,
  waitLimit,
} from "@sockeye/socket-core";
import { Batch } from "./batch.ts";
import { checkInteger, checkOptions, rangeError } from "./check.ts";
import { type Datagram, type DatagramError, datagramOf, type Outgoing } from "./datagram.ts";
import { type EndpointOptions, settingsOf } from "./endpoint-options.ts";
import { Failures } from "./failures.ts";
import { Multicast } from "./multicast-options.ts";
import { Sender } from "./sender.ts";
import { type EndpointSettings, hearsOfOthers, isAnothers } from "./settings.ts";
import { type Counters, newCounters, type Statistics } from "./statistics.ts";

/** Room for ancillary data in an error. */
const ERROR_CONTROL = 512;
const MAX_DATAGRAM = 65_535;
/** Position of the drop counter in SO_MEMINFO, sock_diag(7): SK_MEMINFO_DROPS. */
const MEMINFO_DROPS = 8;
const MEMINFO_SIZE = 36;
/** How long `close` waits for sends that the kernel does not take, in milliseconds. */
const CLOSE_TIMEOUT = 2_000;
const MAX_TIMEOUT = 2 ** 31 - 1;

/**
 * A UDP or Unix datagram socket. Nothing is received while nobody asks: the kernel's queue is the buffer, and what it
 * drops is counted in `statistics`. Sends keep their order. One call receives at a time; a second one is a BusyError.
 */
export class Endpoint implements AsyncIterable<Datagram>, AsyncDisposable {
  /** The socket underneath, for options that have no name here. Reading and closing are this endpoint's. */
  readonly socket: Socket;
  /** Groups, and how datagrams to them leave. */
  readonly multicast: Multicast;
  readonly #settings: EndpointSettings;
  readonly #counters: Counters = newCounters();
  readonly #failures = new Failures();
  readonly #sender: Sender;
  /** What was received and, perhaps, not taken yet. */
  readonly #batch: Batch;
  #receiving = false;
  #closing: Promise<void> | undefined;

  /** @internal */
  constructor(socket: Socket, options: EndpointOptions, connected: boolean) {
    const settings = settingsOf(socket, options, connected);
    this.socket = socket;
    this.multicast = new Multicast(socket);
    this.#settings = settings;
    this.#sender = new Sender(socket, settings, this.#counters, this.#failures);
    this.#batch = new Batch(settings.batchSize, settings.maxDatagramSize, settings.coalescing);
  }

  /** Our address. Throws SocketError or ClosedError. */
  get address(): Address {
    return this.socket.getsockname();
  }

  /** The peer of a connected endpoint. Throws SocketError: ENOTCONN. */
  get remoteAddress(): Address {
    return this.socket.getpeername();
  }

  /** Whether `close` was called. */
  get closed(): boolean {
    return this.#closing !== undefined || this.socket.closed;
  }

  /** Whether `sendSegments` is one call for many datagrams; false after the kernel refused, and without support. */
  get segmentation(): boolean {
    return this.#sender.segmentation;
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

  #checkSend(): void {
    this.#failures.report();
    if (this.closed) throw new ClosedError("send");
  }

  /**
   * Sends one datagram, text as UTF-8. Resolves when the kernel has it. The promise may be dropped: a failure then
   * rejects the next call. `data` must be left alone until then. Rejects with SocketError: EMSGSIZE for more than
   * 65,507 bytes over IPv4 (65,527 over IPv6), EDESTADDRREQ without an address, ECONNREFUSED after an ICMP error;
   * with BusyError when `maxQueuedSends` wait for room, ClosedError, TypeError or RangeError; with TimeoutError or
   * AbortError when it waits for room and the options end that: then it is not sent, and `data` is free again.
   */
  send(data: string | Uint8Array, to?: Address, options?: WaitOptions): Promise<void> {
    try {
      this.#checkSend();
      return this.#sender.send(data, to, options);
    } catch (error) {
      return this.#failures.rejected(error);
    }
  }

  /**
   * Sends all datagrams, up to 64 in one call of the kernel. Resolves to their number. Rejects with the error of the
   * first that fails, whose position is the error's `index`; those before it are sent, and none after it. So it is with
   * a TimeoutError or AbortError: `index` counts what was sent. Otherwise as `send`.
   */
  sendMany(datagrams: Iterable<Outgoing>, options?: WaitOptions): Promise<number> {
    try {
      this.#checkSend();
      return this.#sender.sendMany(datagrams, options);
    } catch (error) {
      return this.#failures.rejected(error);
    }
  }

  /**
   * Sends `data` as datagrams of `segmentSize` bytes, the last one with what is left: with segmentation offload up to
   * 64 of them in one call of the kernel, without it in batches. Resolves to the number of datagrams; no data is none.
   * Otherwise as `sendMany`; RangeError for a segment that is larger than a datagram.
   */
  sendSegments(data: Uint8Array, segmentSize: number, to?: Address, options?: WaitOptions): Promise<number> {
    try {
      this.#checkSend();
      return this.#sender.sendSegments(data, segmentSize, to, options);
    } catch (error) {
      return this.#failures.rejected(error);
    }
  }

  /**
   * Resolves when every send so far is with the kernel. Rejects with a failure that nobody has seen, or with
   * TimeoutError or AbortError, which end the wait and no send.
   */
  async flush(options?: WaitOptions): Promise<void> {
    await this.#sender.drained(options === undefined ? undefined : waitLimit("flush", options));
    this.#failures.report();
  }

  /** Shows the next datagrams in the batch, up to `max`. */
  async #next(max: number, options: WaitOptions | undefined): Promise<Batch> {
    const batch = this.#batch;
    if (this.#receiving) throw new BusyError("recvmmsg", "another call already receives on this endpoint");
    this.#failures.report();
    if (this.socket.closed) throw new ClosedError("recvmmsg");
    if (options?.signal?.aborted) throw new AbortError("recvmmsg", options.signal.reason);
    if (batch.advance(max)) return batch;
    const memory = batch.clear();
    this.#receiving = true;
    try {
      await (hearsOfOthers(this.#settings)
        ? this.#receiveInto(memory, options)
        : this.socket.receiveMany(memory, options));
    } finally {
      this.#receiving = false;
    }
    batch.index();
    const { datagrams, bytes, segments } = batch.received;
    const counters = this.#counters;
    counters.receiveCalls++;
    counters.received += datagrams;
    counters.bytesReceived += bytes;
    counters.segmentsReceived += segments;
    batch.advance(max);
    return batch;
  }

  /** Receives, whatever becomes of datagrams to others. */
  async #receiveInto(memory: Parameters<Socket["receiveMany"]>[0], options: WaitOptions | undefined): Promise<void> {
    let wait = options;
    const begun = options?.timeout ? performance.now() : 0;
    for (;;) {
      try {
        await this.socket.receiveMany(memory, wait);
        return;
      } catch (error) {
        if (!isAnothers(error, this.#settings)) throw error;
      }
      // Peers must not be able to stretch the timeout with ICMP errors.
      if (options?.timeout) {
        wait = { ...options, timeout: Math.max(1, options.timeout - (performance.now() - begun)) };
      }
    }
  }

  /**
   * The next datagram. Rejects with SocketError (on a connected endpoint ECONNREFUSED after an ICMP error, and it goes
   * on), TimeoutError, AbortError, ClosedError or BusyError; cancelling loses nothing.
   */
  async receive(options?: WaitOptions): Promise<Datagram> {
    return datagramOf(await this.#next(1, options), 0, this.#settings.metadata);
  }

  /**
   * The datagrams that are there, at least one and at most `max` (default: all that one call of the kernel gives). The
   * batch copies nothing and is good until the endpoint receives again. Rejects as `receive` does.
   */
  receiveMany(options?: WaitOptions & { max?: number }): Promise<Batch> {
    const max = options?.max;
    if (max !== undefined) {
      try {
        checkInteger("max", max, 1, MAX_TIMEOUT);
      } catch (error) {
        return Promise.reject(error);
      }
    }
    return this.#next(max ?? MAX_TIMEOUT, options);
  }

  /** Datagrams until the endpoint is closed. Errors reject as in `receive`; `break` loses nothing. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Datagram, void, undefined> {
    for (;;) {
      let datagram: Datagram;
      try {
        datagram = await this.receive();
      } catch (error) {
        if (error instanceof ClosedError) return;
        throw error;
      }
      yield datagram;
    }
  }

  /**
   * What went wrong with datagrams that were sent, from the error queue of ip(7), until the endpoint is closed; beside
   * `receive`. Needs `errorQueue: true` in `bind`, else throws RangeError. The last 64 are kept for a slow reader.
   */
  errors(options?: WaitOptions): AsyncGenerator<DatagramError, void, undefined> {
    if (!this.#settings.errorQueue) throw rangeError("errorQueue", "true in bind or connect to iterate errors", false);
    return this.#errors(options);
  }

  async *#errors(options: WaitOptions | undefined): AsyncGenerator<DatagramError, void, undefined> {
    for (;;) {
      let found: DatagramError | undefined;
      try {
        const message = await this.socket.recvmsg(MAX_DATAGRAM, ERROR_CONTROL, { ...options, flags: MSG_ERRQUEUE });
        const { error } = message.ancillary;
        if (error !== undefined) {
          const name = error.errno === 0 ? "" : getSystemErrorName(-error.errno);
          found = { ...error, name, datagram: message.data, to: message.address };
        }
      } catch (failure) {
        if (failure instanceof ClosedError) return;
        throw failure;
      }
      if (found !== undefined) yield found;
    }
  }

  /** Pending calls keep the process alive; this is the default. */
  ref(): this {
    this.socket.ref();
    return this;
  }

  /** Pending calls do not keep the process alive. */
  unref(): this {
    this.socket.unref();
    return this;
  }

  /**
   * Sends what waits for room, for up to `timeout` milliseconds (default 2,000), and closes; waiting calls get a
   * ClosedError. Rejects only with RangeError for a bad `timeout`; closing again does nothing.
   */
  async close(options: { timeout?: number } = {}): Promise<void> {
    checkOptions("options", options);
    const timeout = checkInteger("timeout", options.timeout ?? CLOSE_TIMEOUT, 0, MAX_TIMEOUT);
    this.#closing ??= this.#close(timeout);
    return this.#closing;
  }

  async #close(timeout: number): Promise<void> {
    if (!this.#sender.idle && !this.socket.closed) {
      let timer: NodeJS.Timeout | undefined;
      const expired = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, timeout);
      });
      await Promise.race([this.#sender.drained(), expired]);
      clearTimeout(timer);
    }
    if (!this.socket.closed) this.#dropped();
    this.socket.close();
  }

  /** `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
