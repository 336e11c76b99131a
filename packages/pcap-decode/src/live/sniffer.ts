import { setImmediate } from "node:timers/promises";
import type { CaptureInterface } from "../container/interface.ts";
import { PacketIterator } from "../container/packet-iterator.ts";
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
  /** Packets in arrays, as many as were there, at most 64 of each interface. Empty arrays are not given. */
  batches(): AsyncGenerator<Packet[]>;
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

/** The packets of open sources, as they come. */
export class SourceSniffer implements Sniffer {
  readonly #sources: readonly PacketSource[];
  readonly #waits: (Promise<void> | undefined)[];
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => this.#stop();
  readonly #stopped: Promise<void>;
  #wake: () => void = () => {};
  #left: number;
  #queue: Packet[] = [];
  #at = 0;
  #delivered = 0;
  #inARow = 0;
  #ended = false;
  #closed = false;

  constructor(sources: readonly PacketSource[], { count, timeout, signal }: SnifferLimits) {
    this.#sources = sources;
    this.#stopped = new Promise((resolve) => {
      this.#wake = resolve;
    });
    this.#waits = sources.map(() => undefined);
    this.#left = count;
    this.#signal = signal;
    if (timeout !== undefined) this.#timer = setTimeout(this.#onAbort, timeout);
    signal?.addEventListener("abort", this.#onAbort, { once: true });
    if (signal?.aborted || count === 0) this.#stop();
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
    this.#wake();
  }

  /** Fills the queue, which is empty; false at the end. */
  async #more(): Promise<boolean> {
    while (!this.#ended && this.#left > 0) {
      const packets: Packet[] = [];
      for (const source of this.#sources) source.take(packets);
      if (packets.length > 0) {
        if (packets.length > this.#left) packets.length = this.#left;
        this.#left -= packets.length;
        this.#queue = packets;
        this.#at = 0;
        if (++this.#inARow < MAX_BATCHES_IN_A_ROW) return true;
        this.#inARow = 0;
        await setImmediate();
        return true;
      }
      this.#inARow = 0;
      await Promise.race([this.#stopped, ...this.#sources.map((_, i) => this.#readable(i))]);
    }
    this.#queue = [];
    this.#at = 0;
    return false;
  }

  /** One wait for each source at a time, however often it is asked for. */
  #readable(i: number): Promise<void> {
    const waiting = this.#waits[i];
    if (waiting !== undefined) return waiting;
    const wait = this.#sources[i]!.socket.readable();
    const done = (): void => {
      this.#waits[i] = undefined;
    };
    // Closing the socket rejects it, when nobody listens any more.
    wait.then(done, done);
    this.#waits[i] = wait;
    return wait;
  }
}
