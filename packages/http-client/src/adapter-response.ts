import type { AdapterResponse } from "./adapter.ts";
import type { WireResponse } from "./exchange.ts";
import { HeaderMap } from "./headers.ts";

/** The response of this adapter; its headers are made when someone looks. */
export class HttpAdapterResponse implements AdapterResponse {
  readonly #wire: WireResponse;
  readonly body: AdapterResponse["body"];
  #headers: HeaderMap | null = null;

  constructor(wire: WireResponse, body: AdapterResponse["body"]) {
    this.#wire = wire;
    this.body = body;
  }

  get status(): number {
    return this.#wire.status;
  }

  get reason(): string {
    return this.#wire.reason;
  }

  get elapsed(): number {
    return this.#wire.elapsed;
  }

  get truncated(): boolean {
    return this.#wire.truncated;
  }

  get headers(): HeaderMap {
    this.#headers ??= decodeHeaders(this.#wire);
    return this.#headers;
  }

  /** One header without making the map; the session asks for two on every answer. */
  peek(name: "location" | "set-cookie"): boolean {
    return this.#wire.headers[name] !== undefined;
  }
}

function decodeHeaders({ rawHeaders, headers }: WireResponse): HeaderMap {
  if (rawHeaders && rawHeaders.length > 0) {
    return HeaderMap.fromWire(rawHeaders.map((part) => (typeof part === "string" ? part : part.toString("latin1"))));
  }
  const list: string[] = [];
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    for (const line of Array.isArray(value) ? value : [value ?? ""]) list.push(name, line);
  }
  return HeaderMap.fromWire(list);
}
