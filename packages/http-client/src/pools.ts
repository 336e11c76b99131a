import { Agent, cacheStores, type Dispatcher, interceptors } from "undici";
import type { AllowAddresses } from "./addresses.ts";
import { addressGuard } from "./addresses.ts";
import { createConnector } from "./connector.ts";
import type { ProxyTarget } from "./proxies.ts";
import type { TlsSettings } from "./tls.ts";
import { proxyAuthorization } from "./tunnel.ts";
import type { ParsedUrl } from "./url.ts";

/** What is the same for every pool of a session. */
export interface PoolOptions {
  /** Connections to one origin at the same time; more requests wait. Default 128. */
  readonly maxConnections?: number | undefined;
  /** Milliseconds that an idle connection is kept. Default 4 000, or what the server says. */
  readonly keepAliveTimeout?: number | undefined;
  /** Bytes of a response's head. Default 16 384. */
  readonly maxHeaderSize?: number | undefined;
  /** Refuses addresses after DNS, on every hop. Default `"any"`. */
  readonly allowAddresses?: AllowAddresses | undefined;
  /** A Unix socket that every connection is made to. */
  readonly socketPath?: string | undefined;
  /** Keeps answers as RFC 9111 allows a private cache to. Default false. */
  readonly cache?:
    | boolean
    | { readonly maxSize?: number; readonly maxCount?: number; readonly maxEntrySize?: number }
    | undefined;
}

/** What connections must agree in to be shared. */
export interface RouteSettings {
  readonly proxy: ProxyTarget | null;
  readonly tls: TlsSettings;
  readonly proxyTls: TlsSettings;
  readonly connectTimeout: number;
  readonly http2: boolean;
  /** Look in the cache; false for calls with credentials of their own. */
  readonly cached: boolean;
}

/** Where and how a request is dispatched. */
export interface Route {
  readonly dispatcher: Dispatcher;
  /** Set when a plain proxy forwards: its origin, and the request line holds the whole URL. */
  readonly forward: {
    readonly origin: string;
    readonly servername: string;
    readonly authorization: string | null;
  } | null;
}

const DEFAULT_MAX_CONNECTIONS = 128;

/** undici agents keyed by everything that makes a connection different from another. */
export class Pools {
  readonly #options: PoolOptions;
  readonly #agents = new Map<string, { dispatcher: Dispatcher; agent: Agent }>();
  readonly #pending = new Set<() => void>();
  /** Counts the connections ever made. */
  readonly connections: { made: number } = { made: 0 };
  #store: InstanceType<typeof cacheStores.MemoryCacheStore> | null = null;

  constructor(options: PoolOptions) {
    this.#options = options;
    addressGuard(options.allowAddresses);
  }

  /** The route for a URL under these settings; the agent is made when it is first needed. */
  route(url: ParsedUrl, settings: RouteSettings): Route {
    const { proxy } = settings;
    const forwards = proxy !== null && url.protocol === "http:" && !proxy.protocol.startsWith("socks");
    // The guard must see the target, so that a forwarding proxy is refused like a tunnelling one.
    const guarded = addressGuard(this.#options.allowAddresses) !== null;
    const tunnel = forwards && !guarded ? null : proxy;
    const tls = forwards ? settings.proxyTls : settings.tls;
    const key = [
      tunnel ? `${tunnel.href} ${tunnel.username}:${tunnel.password}` : forwards ? "forward" : "direct",
      tls.key,
      settings.proxyTls.key,
      settings.connectTimeout,
      settings.http2,
      settings.cached,
    ].join(" ");
    const found = this.#agents.get(key) ?? this.#create(key, settings, tunnel, tls, forwards);
    return {
      dispatcher: found.dispatcher,
      forward: forwards
        ? { origin: proxy.href, servername: proxy.hostname, authorization: proxyAuthorization(proxy) }
        : null,
    };
  }

  #create(
    key: string,
    settings: RouteSettings,
    proxy: ProxyTarget | null,
    tls: TlsSettings,
    forwards: boolean,
  ): { dispatcher: Dispatcher; agent: Agent } {
    const { maxConnections, keepAliveTimeout, maxHeaderSize, allowAddresses, socketPath } = this.#options;
    const agent = new Agent({
      connections: maxConnections ?? DEFAULT_MAX_CONNECTIONS,
      allowH2: settings.http2,
      maxHeaderSize: maxHeaderSize ?? 16_384,
      ...(keepAliveTimeout === undefined ? {} : { keepAliveTimeout }),
      connect: createConnector({
        timeout: settings.connectTimeout,
        tls: tls.options,
        proxyTls: settings.proxyTls.options,
        proxy,
        isForwarding: forwards,
        http2: settings.http2,
        guard: addressGuard(allowAddresses),
        socketPath: forwards ? undefined : socketPath,
        pending: this.#pending,
        connections: this.connections,
      }),
    });
    const made = { agent, dispatcher: settings.cached ? this.#withCache(agent) : agent };
    this.#agents.set(key, made);
    return made;
  }

  #withCache(agent: Agent): Dispatcher {
    const { cache } = this.#options;
    this.#store ??= new cacheStores.MemoryCacheStore(typeof cache === "object" ? cache : {});
    // undici's default is a shared cache; this is one user's.
    return agent.compose(interceptors.cache({ store: this.#store, type: "private" }));
  }

  /** Ends every connection, also those being made. */
  async close(): Promise<void> {
    const agents = [...this.#agents.values()];
    this.#agents.clear();
    await Promise.all(agents.map(({ agent }) => agent.destroy()));
    for (const cancel of [...this.#pending]) cancel();
  }
}
