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

export class Session {
  readonly #socket: WebSocket;
  readonly #options: SessionOptions;
  readonly #timer: NodeJS.Timeout;
  #window = new SendWindow();
  #batcher: Batcher | undefined;
  #sniffer: Sniffer | undefined;
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

  #start({ interface: name, filter, snaplen, promiscuous }: Start): void {
    const sniffer = sniff({
      interface: name,
      filter: this.#filter(filter),
      snaplen,
      promiscuous: promiscuous && name !== "any",
    });
    void this.#stop();
    this.#window = new SendWindow();
    this.#sniffer = sniffer;
    const batcher = new Batcher((packets, bytes) => this.#send(packets, bytes));
    this.#batcher = batcher;
    void this.#run(sniffer, batcher);
    this.#say({ type: "started", interface: name, snaplen, filter });
  }

  /** Packets of the filter before go first: none comes after the answer. */
  #change(filter: string): void {
    if (this.#sniffer === undefined) return;
    this.#sniffer.setFilter(this.#filter(filter));
    this.#batcher?.flush();
    this.#sent = this.#sent.then(() => this.#say({ type: "filtered", filter }));
  }

  /** What is captured for an expression of the page. */
  #filter(expression: string): string {
    // By itself first: a fault then has its column in what was typed.
    compileFilter(expression);
    return withoutOwnTraffic(expression, this.#options.port);
  }

  async #run(sniffer: Sniffer, batcher: Batcher): Promise<void> {
    try {
      for await (const packets of sniffer.batches()) {
        // A capture that was stopped is not wanted any more at all.
        if (this.#batcher !== batcher) return;
        batcher.add(packets);
      }
    } catch (error) {
      if (this.#sniffer !== sniffer) return;
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
    if (this.#sniffer === undefined) return;
    const { received, dropped } = this.#sniffer.statistics();
    this.#say({
      type: "counts",
      received,
      kernelDropped: dropped,
      queueDropped: this.#window.dropped,
      waiting: this.#window.waiting,
    });
  }

  async #stop(): Promise<void> {
    const sniffer = this.#sniffer;
    this.#batcher?.flush();
    this.#count();
    this.#sniffer = undefined;
    this.#batcher = undefined;
    await sniffer?.close();
    await this.#sent;
  }
}
