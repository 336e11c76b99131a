/** One page: captures what it asks for and sends it as fast as it takes it. */
import { compileFilter, encodeCapture, FilterError, type Packet } from "@sockeye/pcap-decode";
import { type Sniffer, sniff } from "@sockeye/pcap-decode/live";
import type { WebSocket } from "ws";
import { type ClientMessage, ProtocolError, parseClientMessage, type ServerMessage } from "../wire/protocol.ts";
import { Batcher } from "./batcher.ts";
import { captureProblem, listInterfaces } from "./interface-list.ts";
import { withoutOwnTraffic } from "./own-traffic.ts";
import { SendWindow } from "./send-window.ts";

/** Milliseconds between two counts. */
const COUNT_INTERVAL = 250;

export interface SessionOptions {
  /** What the page proposes at first. */
  readonly interface: string;
  readonly snaplen: number;
  /** TCP port of the server, which is left out of every capture. */
  readonly port: number;
}

type Start = ClientMessage & { readonly type: "start" };

/**
 * Milliseconds for which a capture goes on after another with a new filter has begun: for what the kernel had taken
 * for it before.
 */
const GRACE = 100;

/** A sniffer and the times of the packets that are wanted of it, in seconds since 1970. */
interface Capture {
  readonly sniffer: Sniffer;
  readonly from: number;
  until: number;
}

export class Session {
  readonly #socket: WebSocket;
  readonly #options: SessionOptions;
  readonly #timer: NodeJS.Timeout;
  #window = new SendWindow();
  #batcher: Batcher | undefined;
  #capture: Capture | undefined;
  #settings: Start | undefined;
  /** Counters of the captures before a change of the filter. */
  #before = { received: 0, dropped: 0 };
  #sent: Promise<unknown> = Promise.resolve();

  constructor(socket: WebSocket, options: SessionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#timer = setInterval(() => this.#count(), COUNT_INTERVAL);
    socket.on("message", (data, binary) => this.#onMessage(binary ? "" : String(data)));
    socket.on("close", () => this.close());
    // The close event follows.
    socket.on("error", () => {});
    this.#say({
      type: "hello",
      interfaces: listInterfaces(),
      interface: options.interface,
      snaplen: options.snaplen,
      problem: captureProblem(),
    });
  }

  /** Ends the capture; what the page has stays there. */
  close(): void {
    clearInterval(this.#timer);
    void this.#stop();
  }

  #say(message: ServerMessage): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #onMessage(text: string): void {
    try {
      const message = parseClientMessage(text);
      if (message.type === "start") this.#start(message);
      else if (message.type === "filter") this.#change(message.filter);
      else if (message.type === "taken") this.#window.free(message.bytes);
      else void this.#stop().then(() => this.#say({ type: "stopped" }));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (error instanceof FilterError) {
        const column = error.column === undefined ? {} : { column: error.column };
        this.#say({ type: "problem", about: "filter", message, ...column });
      } else this.#say({ type: "problem", about: error instanceof ProtocolError ? "message" : "capture", message });
    }
  }

  #start(settings: Start): void {
    const sniffer = this.#open(settings);
    void this.#stop();
    this.#window = new SendWindow();
    this.#before = { received: 0, dropped: 0 };
    this.#use({ sniffer, from: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY }, settings);
    const { interface: name, snaplen, filter } = settings;
    this.#say({ type: "started", interface: name, snaplen, filter });
  }

  /** Both captures run for a moment, and the time of a packet tells whose it is: none is lost, none comes twice. */
  #change(filter: string): void {
    const [settings, old] = [this.#settings, this.#capture];
    if (settings === undefined || old === undefined) return;
    const changed = { ...settings, filter };
    const sniffer = this.#open(changed);
    const from = (performance.timeOrigin + performance.now()) / 1000;
    old.until = from;
    setTimeout(() => void old.sniffer.close(), GRACE);
    const { received, dropped } = old.sniffer.statistics();
    this.#before = { received: this.#before.received + received, dropped: this.#before.dropped + dropped };
    this.#use({ sniffer, from, until: Number.POSITIVE_INFINITY }, changed);
    this.#say({ type: "filtered", filter });
  }

  #open({ interface: name, filter, snaplen, promiscuous }: Start): Sniffer {
    // By itself first: a fault then has its column in what was typed.
    compileFilter(filter);
    return sniff({
      interface: name,
      filter: withoutOwnTraffic(filter, this.#options.port),
      snaplen,
      promiscuous: promiscuous && name !== "any",
    });
  }

  #use(capture: Capture, settings: Start): void {
    this.#capture = capture;
    this.#settings = settings;
    this.#batcher ??= new Batcher((packets, bytes) => this.#send(packets, bytes));
    void this.#run(capture, this.#batcher);
  }

  async #run(capture: Capture, batcher: Batcher): Promise<void> {
    try {
      for await (const packets of capture.sniffer.batches()) {
        const { from, until } = capture;
        // A capture that was stopped is not wanted any more at all.
        if (this.#batcher !== batcher) return;
        const all = from === Number.NEGATIVE_INFINITY && until === Number.POSITIVE_INFINITY;
        batcher.add(all ? packets : packets.filter(({ time }) => Number(time) >= from && Number(time) < until));
      }
    } catch (error) {
      if (this.#capture !== capture) return;
      const message = error instanceof Error ? error.message : String(error);
      this.#say({ type: "problem", about: "capture", message: `The capture ended: ${message}` });
      await this.#stop();
      this.#say({ type: "stopped" });
    }
  }

  /** Sends packets as a pcapng file, in the order of the calls. */
  #send(packets: Packet[], bytes: number): void {
    const window = this.#window;
    // What pcapng adds: at most 64 bytes a packet, and 1 KiB a file.
    const size = bytes + packets.length * 64 + 1024;
    if (!window.take(size, packets.length)) return;
    this.#sent = this.#sent.then(async () => {
      const file = await encodeCapture(packets, { format: "pcapng" });
      window.free(size - file.length);
      if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(file);
    });
  }

  #count(): void {
    if (this.#capture === undefined) return;
    const { received, dropped } = this.#capture.sniffer.statistics();
    this.#say({
      type: "counts",
      received: this.#before.received + received,
      kernelDropped: this.#before.dropped + dropped,
      queueDropped: this.#window.dropped,
      waiting: this.#window.waiting,
    });
  }

  async #stop(): Promise<void> {
    const capture = this.#capture;
    this.#batcher?.flush();
    this.#count();
    this.#capture = undefined;
    this.#settings = undefined;
    this.#batcher = undefined;
    await capture?.sniffer.close();
    await this.#sent;
  }
}
