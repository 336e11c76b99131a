import { isIP } from "node:net";
import type { Dispatcher } from "undici";
import type { Adapter, AdapterResponse, SendOptions } from "./adapter.ts";
import { HttpAdapterResponse } from "./adapter-response.ts";
import { addressGuard } from "./addresses.ts";
import { BodyStream } from "./body-stream.ts";
import { CallScope } from "./call-scope.ts";
import { decodeBytes, parseContentEncoding } from "./decode.ts";
import {
  ConnectionError,
  ConnectTimeout,
  ForbiddenAddressError,
  RetryError,
  SSLError,
  UnrewindableBodyError,
} from "./errors.ts";
import { Exchange, type WireResponse } from "./exchange.ts";
import { type PoolOptions, Pools, type Route } from "./pools.ts";
import type { PreparedRequest } from "./prepared-request.ts";
import { resolveProxy } from "./proxies.ts";
import { Response } from "./response.ts";
import { Retry } from "./retry.ts";
import { StreamedBody } from "./streamed-body.ts";
import { type CertOption, resolveTls, type VerifyOption } from "./tls.ts";
import { translate } from "./translate.ts";
import { wireHeaders } from "./wire-headers.ts";

/** What the environment is trusted with. */
export interface Trust {
  /** Proxies of HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY. Default true. */
  readonly proxy?: boolean | undefined;
  /** Credentials of ~/.netrc or $NETRC. Default true. */
  readonly netrc?: boolean | undefined;
  /** Authorities of REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE. Default true. */
  readonly certificates?: boolean | undefined;
}

/** Settings of an HttpAdapter. */
export interface HttpAdapterOptions extends PoolOptions {
  /** Retries when the call names none: a number is `total`. Default: none, but for a stale pooled connection. */
  readonly maxRetries?: Retry | number | undefined;
  /** Milliseconds of the connections' own limit. Default 10 000. */
  readonly connectTimeout?: number | undefined;
  /** TLS towards an https proxy. */
  readonly proxyTls?: { readonly verify?: VerifyOption; readonly cert?: CertOption } | undefined;
  /** What the environment is trusted with. Default: everything. */
  readonly trust?: Trust | undefined;
  /** An undici dispatcher that is used instead of pools of its own; it is not closed. */
  readonly dispatcher?: Dispatcher | undefined;
  /** The environment to read. Default `process.env`, as it is when the adapter is made. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

const NO_RETRY = new Retry(0);
const IDEMPOTENT = new Set(["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"]);
const STALE = /^(UND_ERR_SOCKET|ECONNRESET|EPIPE)$/;
const MAX_ROUTES = 256;

/** The session's own way in, so that one scope spans the redirects of a call. */
export let sendInScope: (
  adapter: HttpAdapter,
  request: PreparedRequest,
  options: SendOptions,
  scope: CallScope | null,
) => Promise<AdapterResponse>;

/** The adapter over undici: routes, retries, decoding and the translation of errors. */
export class HttpAdapter implements Adapter {
  readonly #options: HttpAdapterOptions;
  readonly #pools: Pools;
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #connectTimeout: number;
  readonly #routes = new Map<string, { options: SendOptions; route: Route }>();
  readonly #maxRetries: Retry;

  constructor(options: HttpAdapterOptions = {}) {
    // Without a prototype, so that a polluted Object.prototype adds nothing.
    this.#options = Object.assign(Object.create(null), options);
    this.#pools = new Pools(this.#options);
    // One copy: process.env is a slow view of the real environment.
    this.#env = options.env ?? { ...process.env };
    this.#connectTimeout = options.connectTimeout ?? 10_000;
    this.#maxRetries =
      typeof options.maxRetries === "number" ? new Retry(options.maxRetries) : (options.maxRetries ?? NO_RETRY);
  }

  /** Sends one request with its retries. Rejects with a RequestException. */
  async send(request: PreparedRequest, options: SendOptions): Promise<AdapterResponse> {
    const scope =
      options.signal || options.timeouts.total > 0
        ? new CallScope(options.signal, options.timeouts.total, request)
        : null;
    return this.#send(request, options, scope);
  }

  static {
    sendInScope = (adapter, request, options, scope) => adapter.#send(request, options, scope);
  }

  async #send(request: PreparedRequest, options: SendOptions, scope: CallScope | null): Promise<AdapterResponse> {
    let retry = options.retry ?? this.#maxRetries;
    let staleRetries = 1;
    for (;;) {
      scope?.check();
      let exchange: Exchange | null = null;
      let wire: WireResponse | null = null;
      let failure: unknown = null;
      try {
        const { promise, exchange: made } = this.#dispatch(request, options, scope);
        exchange = made;
        wire = await promise;
      } catch (cause) {
        failure = cause;
      }

      if (wire) {
        const retryAfter = wire.headers["retry-after"];
        if (retry === NO_RETRY || !retry.isRetry(request.method, wire.status, retryAfter !== undefined))
          return this.#finish(wire, request, options);
        retry = retry.increment("status", {
          method: request.method,
          url: request.url,
          error: null,
          status: wire.status,
        });
        if (retry.isExhausted() || (request.body && !request.body.isSendable)) {
          if (!retry.raiseOnStatus || !retry.statusForcelist.has(wire.status))
            return this.#finish(wire, request, options);
          const response = new Response(await this.#finish(wire, request, options), request);
          await response.close();
          throw new RetryError(`${request.method} ${request.url}: too many ${wire.status} answers`, {
            request,
            response,
          });
        }
        discard(wire);
        await this.#pause(retry, typeof retryAfter === "string" ? retryAfter : null, options, scope);
        continue;
      }

      scope?.check();
      const phase = exchange?.phase ?? "connect";
      const error = translate(failure, request, phase);
      // A pooled connection that the server closed in the meantime: nobody has seen the request.
      const code = (failure as { code?: string } | null)?.code ?? "";
      if (
        exchange?.reused &&
        staleRetries > 0 &&
        phase === "headers" &&
        STALE.test(code) &&
        IDEMPOTENT.has(request.method) &&
        (request.body?.isSendable ?? true)
      ) {
        staleRetries--;
        continue;
      }
      if (retry === NO_RETRY || !isTransient(error)) throw error;
      const kind = error instanceof SSLError ? "other" : phase === "connect" ? "connect" : "read";
      if (kind === "read" && !retry.isMethodRetryable(request.method)) throw error;
      retry = retry.increment(kind, { method: request.method, url: request.url, error, status: null });
      if (retry.isExhausted()) throw error;
      if (request.body && !request.body.isSendable) {
        throw new UnrewindableBodyError("the request failed and its body is a stream that cannot be sent again", {
          request,
          cause: error,
        });
      }
      await this.#pause(retry, null, options, scope);
    }
  }

  async #pause(retry: Retry, retryAfter: string | null, options: SendOptions, scope: CallScope | null): Promise<void> {
    const seconds = retry.delay(retryAfter);
    await options.onRetry?.(retry, seconds);
    if (seconds <= 0) return;
    if (scope) await scope.sleep(seconds * 1000);
    else await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  }

  #dispatch(
    request: PreparedRequest,
    options: SendOptions,
    scope: CallScope | null,
  ): { promise: Promise<WireResponse>; exchange: Exchange } {
    const route = this.#route(request, options);
    const { forward } = route;
    const { target, body } = request;
    const custom = request.hasSharedHeaders ? null : wireHeaders(request, forward);
    const headers = custom ?? (forward ? wireHeaders(request, forward) : request.peekHeaders().toWire());
    const { read, connect } = options.timeouts;
    const counter = (options.dispatcher ?? this.#options.dispatcher) ? null : this.#pools.connections;
    let exchange!: Exchange;
    const promise = new Promise<WireResponse>((resolve, reject) => {
      exchange = new Exchange(options, counter, resolve, reject);
    });
    let payload: Buffer | AsyncIterable<Uint8Array> | null = null;
    if (body) {
      if (options.onUploadProgress) payload = body.withProgress(options.onUploadProgress);
      else payload = body.bytes ?? body.open();
    }
    // Every field that undici reads is set here, so that nothing is picked up from a polluted Object.prototype.
    const fields = {
      origin: forward ? forward.origin : target.origin,
      path: forward ? target.href.slice(0, target.href.length - target.hash.length) : target.path,
      method: request.method as Dispatcher.HttpMethod,
      body: payload as Buffer | null,
      headers: headers as string[],
      query: undefined,
      idempotent: undefined,
      blocking: undefined,
      upgrade: undefined,
      headersTimeout: read,
      bodyTimeout: read,
      reset: undefined,
      expectContinue: undefined,
      servername: forward ? forward.servername : custom ? serverName(request) : undefined,
      throwOnError: undefined,
      maxRedirections: undefined,
      typeOfService: undefined,
      signal: undefined,
      responseHeaders: undefined,
    };
    route.dispatcher.dispatch(fields as unknown as Dispatcher.DispatchOptions, exchange);
    scope?.onInterrupt((reason) => exchange.abort(reason));
    if (!exchange.started && connect > 0 && connect < this.#connectTimeout) watchConnect(exchange, connect, request);
    return { promise, exchange };
  }

  #route(request: PreparedRequest, options: SendOptions): Route {
    const given = options.dispatcher ?? this.#options.dispatcher;
    if (given) {
      if (addressGuard(this.#options.allowAddresses))
        throw new ForbiddenAddressError("allowAddresses cannot be enforced on a dispatcher that is given", { request });
      return { dispatcher: given, forward: null };
    }
    const { target } = request;
    const known = this.#routes.get(target.origin);
    if (known && routesAlike(known.options, options)) return known.route;
    const trust = this.#options.trust ?? {};
    const caEnv = trust.certificates === false ? null : this.#env;
    const { proxyTls } = this.#options;
    const { connect } = options.timeouts;
    const route = this.#pools.route(target, {
      proxy: this.#options.socketPath
        ? null
        : resolveProxy(target, options.proxies, trust.proxy === false ? null : this.#env),
      tls: resolveTls(options.verify, options.cert, caEnv),
      proxyTls: resolveTls(proxyTls?.verify, proxyTls?.cert, caEnv),
      // A call's shorter limit is kept by a timer of its own; a longer one needs connections of its own.
      connectTimeout: connect === 0 || connect > this.#connectTimeout ? connect : this.#connectTimeout,
      http2: options.http2,
      cached: options.cached,
    });
    if (this.#routes.size >= MAX_ROUTES) this.#routes.clear();
    this.#routes.set(target.origin, { options, route });
    return route;
  }

  #finish(
    wire: WireResponse,
    request: PreparedRequest,
    options: SendOptions,
  ): AdapterResponse | Promise<AdapterResponse> {
    const coding = wire.headers["content-encoding"];
    if (coding === undefined && !(wire.body instanceof BodyStream)) return new HttpAdapterResponse(wire, wire.body);
    return this.#decode(wire, coding === undefined ? null : String(coding), request, options);
  }

  async #decode(
    wire: WireResponse,
    coding: string | null,
    request: PreparedRequest,
    options: SendOptions,
  ): Promise<AdapterResponse> {
    const empty = request.method === "HEAD" || wire.status === 204 || wire.status === 304;
    try {
      const codings = empty ? [] : parseContentEncoding(coding);
      if (wire.body instanceof BodyStream) {
        return new HttpAdapterResponse(
          wire,
          new StreamedBody(
            wire.body,
            codings,
            options.limitStream ? options.maxResponseBytes : Number.POSITIVE_INFINITY,
            request,
          ),
        );
      }
      return new HttpAdapterResponse(wire, await decodeBytes(wire.body, codings, options.maxResponseBytes));
    } catch (cause) {
      discard(wire);
      throw translate(cause, request, "body");
    }
  }

  /** Ends every connection. */
  async close(): Promise<void> {
    this.#routes.clear();
    await this.#pools.close();
  }
}

/** With a Host header of the caller's own, undici would ask for, and check, the certificate of that name. */
function serverName(request: PreparedRequest): string | undefined {
  const { protocol, hostname } = request.target;
  if (protocol !== "https:" || isIP(hostname) !== 0 || !request.peekHeaders().has("host")) return undefined;
  return hostname;
}

/** Calls inherit these from their session, so that comparing identities finds most of them alike. */
function routesAlike(a: SendOptions, b: SendOptions): boolean {
  if (a === b) return true;
  return (
    a.proxies === b.proxies &&
    a.verify === b.verify &&
    a.cert === b.cert &&
    a.http2 === b.http2 &&
    a.cached === b.cached &&
    a.timeouts.connect === b.timeouts.connect
  );
}

/** undici bounds connecting per pool only; a call's own limit is a timer that ends when the request is on its way. */
function watchConnect(exchange: Exchange, limit: number, request: PreparedRequest): void {
  const timer = setTimeout(() => {
    exchange.abort(
      new ConnectTimeout(`${request.method} ${request.url}: no connection within ${limit} ms`, { request }),
    );
  }, limit);
  exchange.onStart = () => clearTimeout(timer);
}

function isTransient(error: Error): boolean {
  if (error instanceof ForbiddenAddressError) return false;
  return error instanceof ConnectionError || error.name === "ReadTimeout" || error.name === "ChunkedEncodingError";
}

function discard(wire: WireResponse): void {
  if (wire.body instanceof BodyStream) wire.body.destroy(new Error("the answer is not needed"));
}
