import { setImmediate } from "node:timers/promises";
import type { CaptureInterface } from "../container/interface.ts";
import { PacketIterator } from "../container/packet-iterator.ts";
import { InvalidValueError } from "../errors.ts";
import type { Packet } from "../packet.ts";
import type { InterfaceStatistics, PacketSource } from "./packet-source.ts";

/** What a capture has counted. */
export interface SniffStatistics {
  /** Packets that passed the filter, those that were dropped included. */
  readonly received: number;
  /** Packets that passed the filter and were lost, as the receive buffer was full. */
  readonly dropped: number;
  /** Packets that were handed out. */
  readonly delivered: number;
  /** The first two for each interface. */
  readonly interfaces: readonly InterfaceStatistics[];
}

/**
 * A running capture. Iterate it for packets, in arrays with `batches()`; leaving the loop closes it. Packets that
 * nobody asks for wait in the kernel's receive buffer, and are dropped there when it is full.
 */
export interface Sniffer extends AsyncIterable<Packet>, AsyncDisposable {
  /** What is captured on, in the order that was asked for. */
  readonly interfaces: readonly CaptureInterface[];
  /**
   * Packets in arrays, as many as were there, at most 64 of each interface, in the order of their times. Empty arrays
   * are not given.
   */
  batches(): AsyncGenerator<Packet[]>;
  /**
   * Goes on with another filter, on all interfaces, and misses nothing. Of the packets that passed the one before and
   * were not given yet, those are given that pass the new one too, as far as their captured bytes tell (not by
   * `inbound`, say); the others are thrown away, so the next packet matches. Throws as `sniff` does for a filter, and
   * then nothing has changed.
   */
  setFilter(expression: string): void;
  /** Counters so far; after `close` those of the end. */
  statistics(): SniffStatistics;
  /** Ends the capture. Packets that were given stay valid. */
  close(): Promise<void>;
}

/** When a capture ends by itself. */
interface SnifferLimits {
  readonly count: number;
  readonly timeout: number | undefined;
  readonly signal: AbortSignal | undefined;
}

/** After so many batches in a row without waiting, timers and other sockets have a turn. */
const MAX_BATCHES_IN_A_ROW = 16;

/** So many packets a millisecond are many: the kernel gathers them for a moment, in milliseconds. */
const BUSY = 10;
const MOMENT = 1;

/** The packets of open sources, as they come. */
export class SourceSniffer implements Sniffer {
  readonly #sources: readonly PacketSource[];
  /** Whether a wait of the source is under way: there is one at a time, however often it is asked for. */
  readonly #waits: boolean[];
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => void this.close();
  /** Ends the wait that is under way. */
  #resume: () => void = () => {};
  #failure: unknown;
  #left: number;
  #queue: Packet[] = [];
  #at = 0;
  #delivered = 0;
  #inARow = 0;
  /** Packets since the last wait, and when that was. */
  #taken = 0;
  #since = performance.now();
  #ended = false;
  #closed = false;

  constructor(sources: readonly PacketSource[], { count, timeout, signal }: SnifferLimits) {
    this.#sources = sources;
    this.#waits = sources.map(() => false);
    this.#left = count;
    this.#signal = signal;
    if (timeout !== undefined) this.#timer = setTimeout(this.#onAbort, timeout);
    signal?.addEventListener("abort", this.#onAbort, { once: true });
    if (signal?.aborted || count === 0) void this.close();
  }

  get interfaces(): readonly CaptureInterface[] {
    return this.#sources.map((source) => source.interface);
  }

  /** Packets one by one. Its promises are already resolved except once a batch. */
  [Symbol.asyncIterator](): AsyncIterator<Packet> {
    return new PacketIterator(
      this,
      () => this.#more(),
      () => this.close(),
    );
  }

  async *batches(): AsyncGenerator<Packet[]> {
    try {
      for (;;) {
        const rest = this.#queue.slice(this.#at);
        this.#at = this.#queue.length;
        this.#delivered += rest.length;
        if (rest.length > 0) yield rest;
        else if (!(await this.#more())) return;
      }
    } finally {
      await this.close();
    }
  }

  /** The next packet that is there already. */
  nextPacket(): Packet | undefined {
    if (this.#at >= this.#queue.length) return undefined;
    this.#delivered++;
    return this.#queue[this.#at++];
  }

  setFilter(expression: string): void {
    if (typeof expression !== "string") {
      throw new InvalidValueError("expression", expression, "an expression of pcap-filter(7)");
    }
    const filters = this.#sources.map((source) => source.compile(expression));
    if (this.#ended) throw new InvalidValueError("setFilter", "closed", "a capture that runs");
    for (const [i, source] of this.#sources.entries()) source.use(filters[i]!);
    const waiting = this.#queue.slice(this.#at);
    this.#queue = waiting.filter((packet) => this.#sources[packet.interface!.id]!.passes(packet));
    this.#at = 0;
    this.#left += waiting.length - this.#queue.length;
  }

  statistics(): SniffStatistics {
    const interfaces = this.#sources.map((source) => source.statistics());
    return {
      received: interfaces.reduce((sum, { received }) => sum + received, 0),
      dropped: interfaces.reduce((sum, { dropped }) => sum + dropped, 0),
      delivered: this.#delivered,
      interfaces,
    };
  }

  async close(): Promise<void> {
    this.#stop();
    if (this.#closed) return;
    this.#closed = true;
    for (const source of this.#sources) source.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Nothing more is received; who waits goes on. */
  #stop(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#resume();
  }

  /** Fills the queue, which is empty; false at the end. */
  async #more(): Promise<boolean> {
    while (!this.#ended && this.#left > 0) {
      const packets: Packet[] = [];
      for (const source of this.#sources) source.take(packets);
      if (packets.length > 0) {
        if (this.#sources.length > 1) packets.sort(byTime);
        if (packets.length > this.#left) packets.length = this.#left;
        this.#left -= packets.length;
        this.#taken += packets.length;
        this.#queue = packets;
        this.#at = 0;
        if (++this.#inARow < MAX_BATCHES_IN_A_ROW) return true;
        this.#inARow = 0;
        await setImmediate();
        return true;
      }
      this.#inARow = 0;
      await this.#wait();
      if (this.#failure !== undefined && !this.#ended) throw this.#failure;
    }
    this.#queue = [];
    this.#at = 0;
    return false;
  }

  /** Waits for packets; when many come, for a moment, so that one wake-up serves all of them. */
  #wait(): Promise<void> {
    return new Promise((resolve) => {
      const now = performance.now();
      const busy = this.#taken >= BUSY * (now - this.#since);
      this.#taken = 0;
      this.#since = now;
      let timer: NodeJS.Timeout | undefined;
      this.#resume = () => {
        clearTimeout(timer);
        resolve();
      };
      if (busy) timer = setTimeout(resolve, MOMENT);
      else for (let i = 0; i < this.#sources.length; i++) this.#arm(i);
    });
  }

  #arm(i: number): void {
    if (this.#waits[i]) return;
    this.#waits[i] = true;
    const done = (error?: unknown): void => {
      this.#waits[i] = false;
      this.#failure ??= error;
      this.#resume();
    };
    // Closing the socket rejects it, when nobody listens any more.
    this.#sources[i]!.socket.readable().then(() => done(), done);
  }
}

function byTime(a: Packet, b: Packet): number {
  return a.seconds - b.seconds || a.nanoseconds - b.nanoseconds;
}
