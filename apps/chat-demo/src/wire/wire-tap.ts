/**
 * The Wire view: the packets of this very chat, as a pcapng that grows, to those who want to see them. One capture runs
 * while somebody watches.
 */
import { CaptureWriter, compileFilter, type Filter, type Packet, TCP } from "@sockeye/pcap-decode";
import type { Sniffer } from "@sockeye/pcap-decode/live";
import type { ServerFrame } from "../protocol/frames.ts";

/** So many may watch at a time. */
const MAX_WATCHERS = 16;
/** What may wait for one of them, in bytes; packets beyond that are left out. */
const MAX_WAITING = 1024 * 1024;
/** How often somebody is told what was left out, in milliseconds. */
const TELL_INTERVAL = 1_000;
/** Longer packets are cut. */
const SNAPLEN = 65_535;

/** Somebody who watches. */
export interface Watcher {
  /** The ports of the connection that the view goes over. */
  readonly remotePort: number;
  readonly localPort: number;
  /** Bytes that wait to be sent. */
  readonly waiting: number;
  /** Sends a binary message. */
  send(bytes: Uint8Array): void;
  tell(frame: ServerFrame): void;
}

export interface WireOptions {
  /** The ports of the chat. */
  ports: readonly number[];
  /** An interface, or `any`. */
  interface: string;
  /** Hears why a capture ended by itself. */
  onError(error: unknown): void;
}

interface Watching {
  readonly watcher: Watcher;
  readonly filter: Filter | undefined;
  readonly writer: CaptureWriter;
  dropped: number;
  told: number;
}

export class WireTap {
  readonly #options: WireOptions;
  readonly #watching = new Map<Watcher, Watching>();
  /** The connections that views go over, by the port of the client. */
  readonly #carriers = new Map<number, number>();
  readonly #gone = new WeakSet<Watcher>();
  #sniffer: Sniffer | undefined;
  #starting: Promise<void> | undefined;

  constructor(options: WireOptions) {
    this.#options = options;
  }

  /** Begins to send what passes, or says why not. Again with another filter, it begins a new file. */
  async start(watcher: Watcher, expression = ""): Promise<void> {
    this.#remove(watcher);
    if (this.#watching.size >= MAX_WATCHERS) {
      refuse(watcher, `${MAX_WATCHERS} people are watching already`);
      return;
    }
    let watching: Watching;
    try {
      this.#starting ??= this.#open();
      await this.#starting;
      const [captured] = this.#sniffer?.interfaces ?? [];
      if (captured === undefined) throw new Error("The capture has ended");
      const filter = expression === "" ? undefined : compileFilter(expression, { linkType: captured.linkType });
      const sink = { write: (bytes: Uint8Array) => watcher.send(bytes) };
      const writer = await CaptureWriter.open(sink, { format: "pcapng" });
      watching = { watcher, filter, writer, dropped: 0, told: 0 };
    } catch (error) {
      this.#stopIfUnwatched();
      refuse(watcher, error instanceof Error ? error.message : String(error));
      return;
    }
    if (this.#gone.has(watcher)) {
      this.#stopIfUnwatched();
      return;
    }
    this.#watching.set(watcher, watching);
    this.#carriers.set(watcher.remotePort, watcher.localPort);
    watcher.tell({ type: "wire", state: "on" });
  }

  stop(watcher: Watcher): void {
    this.#remove(watcher);
    watcher.tell({ type: "wire", state: "off" });
  }

  /** A watcher's connection is gone. */
  forget(watcher: Watcher): void {
    this.#gone.add(watcher);
    this.#remove(watcher);
  }

  async close(): Promise<void> {
    this.#watching.clear();
    await this.#sniffer?.close();
  }

  #remove(watcher: Watcher): void {
    if (!this.#watching.delete(watcher)) return;
    this.#carriers.delete(watcher.remotePort);
    this.#stopIfUnwatched();
  }

  #stopIfUnwatched(): void {
    if (this.#watching.size > 0) return;
    void this.#sniffer?.close();
    this.#sniffer = undefined;
    this.#starting = undefined;
  }

  async #open(): Promise<void> {
    // Loaded when somebody watches: it needs Linux, and the rest of the chat does not.
    const { sniff } = await import("@sockeye/pcap-decode/live");
    const sniffer = sniff({
      interface: this.#options.interface,
      filter: this.#options.ports.map((port) => `tcp port ${port}`).join(" or "),
      snaplen: SNAPLEN,
      promiscuous: false,
    });
    this.#sniffer = sniffer;
    this.#follow(sniffer).catch((error: unknown) => {
      this.#options.onError(error);
      for (const { watcher } of this.#watching.values()) {
        watcher.tell({ type: "wire", state: "off", reason: "The capture has ended" });
      }
      this.#watching.clear();
      this.#stopIfUnwatched();
    });
  }

  async #follow(sniffer: Sniffer): Promise<void> {
    for await (const packets of sniffer.batches()) {
      const shown = packets.filter((packet) => !this.#isFeedback(packet));
      if (shown.length === 0) continue;
      for (const watching of this.#watching.values()) this.#show(watching, shown);
    }
  }

  /**
   * Whether a packet would not be there without the view. What a watcher is sent is left out, as it holds the packets
   * before it, and so are the bare acknowledgements of that; what a watcher says is shown.
   */
  #isFeedback(packet: Packet): boolean {
    if (this.#carriers.size === 0) return false;
    const tcp = packet.get(TCP);
    if (tcp === undefined) return false;
    if (this.#carriers.get(tcp.dport) === tcp.sport) return true;
    return this.#carriers.get(tcp.sport) === tcp.dport && tcp.payload.length === 0;
  }

  #show(watching: Watching, packets: readonly Packet[]): void {
    const { watcher, filter, writer } = watching;
    let shown = 0;
    for (const packet of packets) {
      const { buffer, offset, capturedLength, originalLength } = packet;
      if (filter !== undefined && !filter.match(buffer, offset, capturedLength, originalLength)) continue;
      if (watcher.waiting > MAX_WAITING) {
        watching.dropped++;
        continue;
      }
      void writer.write(packet);
      shown++;
    }
    if (shown > 0) void writer.flush();
    if (watching.dropped > 0) this.#tellDropped(watching);
  }

  #tellDropped(watching: Watching): void {
    const now = performance.now();
    if (now - watching.told < TELL_INTERVAL) return;
    watching.told = now;
    watching.watcher.tell({ type: "wire", state: "on", dropped: watching.dropped });
  }
}

function refuse(watcher: Watcher, reason: string): void {
  watcher.tell({ type: "wire", state: "refused", reason });
}
