/** Choosing an interface, starting and stopping: what the server can do, and what it counts. */
import type { ServerMessage } from "../wire/protocol.ts";
import { find, make } from "./dom.ts";
import { LiveClient } from "./live-client.ts";
import { notice, withdraw } from "./notices.ts";

const SNAPLENS = [262_144, 1600, 256, 128, 96] as const;

type Counts = ServerMessage & { readonly type: "counts" };

export interface CaptureHandlers {
  /** Packets begin to come: what was there is to go. */
  started(): void;
  stopped(): void;
  packets(bytes: ArrayBuffer): void;
  counts(counts: Counts): void;
  /** The server has something against the filter. */
  filterProblem(message: string, column: number | undefined): void;
}

export class CaptureControl {
  readonly #handlers: CaptureHandlers;
  readonly #interface = find<HTMLSelectElement>("interface");
  readonly #snaplen = find<HTMLSelectElement>("snaplen");
  readonly #button = find<HTMLButtonElement>("capture");
  readonly #client: LiveClient;
  #running = false;
  #allowed = false;

  /** `filter` gives the expression that applies. */
  constructor(handlers: CaptureHandlers, filter: () => string) {
    this.#handlers = handlers;
    this.#snaplen.append(
      ...SNAPLENS.map((bytes) =>
        make("option", { value: String(bytes) }, bytes === SNAPLENS[0] ? "whole packets" : `first ${bytes} bytes`),
      ),
    );
    this.#button.addEventListener("click", () => {
      if (this.#running) this.stop();
      else this.#start(filter());
    });
    this.#client = new LiveClient({
      message: (message) => this.#onMessage(message),
      packets: (bytes) => {
        if (this.#running) handlers.packets(bytes);
      },
      connected: (is) => this.#onConnected(is),
    });
  }

  get running(): boolean {
    return this.#running;
  }
  /** What is captured on. */
  get interface(): string {
    return this.#interface.value;
  }

  stop(): void {
    this.#client.send({ type: "stop" });
    this.#setRunning(false);
  }

  /** Changes the filter of the capture that runs. */
  setFilter(filter: string): void {
    if (this.#running) this.#client.send({ type: "filter", filter });
  }

  /** Packets are kept: the server may send others. */
  taken(bytes: number): void {
    this.#client.send({ type: "taken", bytes });
  }

  #start(filter: string): void {
    withdraw("capture");
    const snaplen = Number(this.#snaplen.value);
    this.#client.send({ type: "start", interface: this.#interface.value, filter, snaplen, promiscuous: true });
  }

  #onMessage(message: ServerMessage): void {
    switch (message.type) {
      case "hello":
        this.#allowed = message.problem === "";
        this.#interface.replaceChildren(
          ...message.interfaces.map(({ name, up, addresses }) =>
            make(
              "option",
              { value: name, title: addresses.join(", ") },
              `${name}${up ? "" : " (down)"}${addresses[0] === undefined ? "" : ` · ${addresses[0]}`}`,
            ),
          ),
        );
        if (message.interfaces.some(({ name }) => name === message.interface))
          this.#interface.value = message.interface;
        if (SNAPLENS.every((bytes) => bytes !== message.snaplen)) {
          this.#snaplen.append(make("option", { value: String(message.snaplen) }, `first ${message.snaplen} bytes`));
        }
        this.#snaplen.value = String(message.snaplen);
        if (message.problem !== "")
          notice("rights", "warning", `No live capture: ${message.problem} Files work without it.`);
        this.#setRunning(false);
        break;
      case "started":
        this.#setRunning(true);
        this.#handlers.started();
        break;
      case "counts":
        this.#handlers.counts(message);
        break;
      case "problem":
        if (message.about === "filter") this.#handlers.filterProblem(message.message, message.column);
        else notice("capture", "error", message.message);
        break;
      case "stopped":
        this.#setRunning(false);
        break;
      case "filtered":
        break;
    }
  }

  #onConnected(is: boolean): void {
    if (is) {
      withdraw("server");
      return;
    }
    this.#allowed = false;
    this.#setRunning(false);
    this.#interface.replaceChildren(make("option", {}, "No server"));
    notice("server", "warning", "The server has gone: live capture waits for it to come back. Files still work.");
  }

  #setRunning(running: boolean): void {
    const before = this.#running;
    this.#running = running;
    this.#button.textContent = running ? "Stop" : "Capture";
    this.#button.classList.toggle("stop", running);
    this.#button.disabled = !this.#allowed;
    this.#interface.disabled = running || !this.#allowed;
    this.#snaplen.disabled = running || !this.#allowed;
    if (before && !running) this.#handlers.stopped();
  }
}
