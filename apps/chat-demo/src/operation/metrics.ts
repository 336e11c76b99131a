/** What is counted, as Prometheus reads it. */
import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { Hub } from "../hub/hub.ts";

export class Metrics {
  readonly #registry = new Registry();
  readonly #dropped: Counter<"reason">;

  constructor(hub: Hub) {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    // The hub counts by itself, with plain numbers, and is looked at when somebody asks.
    const gauge = (name: string, help: string, read: () => number): void => {
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read());
        },
      });
    };
    const counter = (name: string, help: string, read: () => number): void => {
      new Counter({
        name,
        help,
        registers,
        collect() {
          this.reset();
          this.inc(read());
        },
      });
    };
    gauge("chat_clients", "People on this server", () => hub.size);
    gauge("chat_rooms", "Rooms with people on this server", () => hub.rooms);
    counter("chat_messages_total", "Messages said by people on this server", () => hub.counts.said);
    counter("chat_refused_total", "Messages that could not be kept", () => hub.counts.refused);
    counter("chat_deliveries_total", "Events given to clients", () => hub.delivery.deliveries);
    counter("chat_delivered_bytes_total", "Bytes given to clients", () => hub.delivery.bytes);
    this.#dropped = new Counter({
      name: "chat_dropped_total",
      help: "Clients that the server put out",
      labelNames: ["reason"],
      registers,
    });
  }

  /** A client was put out. Reasons of people's own words are not kept apart: each would be a series. */
  dropped(reason: string): void {
    this.#dropped.inc({ reason: /^too slow/.test(reason) ? "too slow" : /longer/.test(reason) ? "too long" : "other" });
  }

  async text(): Promise<{ type: string; body: string }> {
    return { type: this.#registry.contentType, body: await this.#registry.metrics() };
  }
}
