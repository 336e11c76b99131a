import type { Adapter } from "./adapter.ts";
import type { Auth } from "./auth/auth.ts";
import { resolveAuth } from "./auth/auth.ts";
import { basic } from "./auth/basic.ts";
import { encodeBody } from "./body.ts";
import { Call } from "./call.ts";
import { type CallPlan, makePlan } from "./call-plan.ts";
import { CallScope } from "./call-scope.ts";
import { CookieJar, type CookieRecord } from "./cookies.ts";
import { ACCEPT_ENCODING } from "./decode.ts";
import { errorChannel } from "./diagnostics.ts";
import { type DownloadOptions, type DownloadPath, type DownloadResult, download } from "./download.ts";
import { ClosedError, invalidArgument, RequestException } from "./errors.ts";
import { type FetchLike, FunctionAdapter } from "./function-adapter.ts";
import { HeaderMap } from "./headers.ts";
import { HttpAdapter } from "./http-adapter.ts";
import { findNetrcAuth } from "./netrc.ts";
import { ownOptions, type RequestOptions, type SessionOptions } from "./options.ts";
import { checkMethod, PreparedRequest } from "./prepared-request.ts";
import { encodeFields, type Fields } from "./query.ts";
import { sensitiveHeaderNames } from "./redact.ts";
import { planRedirect } from "./redirect.ts";
import type { Response } from "./response.ts";
import { type ResponsePromise, withShortcuts } from "./response-promise.ts";
import { translate } from "./translate.ts";
import { type ParsedUrl, parseUrl, resolveUrl } from "./url.ts";

const USER_AGENT = "sockeye-http-client";
const MAX_PAGES = 10_000;
const MAX_NETRC_HOSTS = 1024;

/** How `paginate` goes on. */
export interface PaginateOptions extends RequestOptions {
  /** The most pages that are asked for. Default 10 000. */
  readonly maxPages?: number;
  /** The URL of the next page, or null at the end. Default: the link with `rel="next"`. */
  readonly next?: (response: Response) => string | null | undefined | Promise<string | null | undefined>;
}

/** Defaults, cookies, credentials and connections that calls share. */
export class Session {
  /** Sent with every request; change it as you like. */
  readonly headers: HeaderMap;
  /** The cookies of the session. */
  readonly cookies: CookieJar;
  readonly #options: SessionOptions;
  readonly #baseUrl: string | undefined;
  readonly #base: ParsedUrl | null;
  readonly #keepsCookies: boolean;
  readonly #adapter: HttpAdapter;
  readonly #mounts: { prefix: string; adapter: Adapter }[] = [];
  readonly #netrc = new Map<string, Auth | null>();
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #ownCache: boolean;
  #plan: CallPlan;
  #streamPlan: CallPlan;
  #closed = false;

  /** Throws for options that make no sense, before anything is sent. */
  constructor(options: SessionOptions = {}) {
    const own = ownOptions(options, "session");
    this.#options = own;
    this.#base = own.baseUrl === undefined ? null : parseUrl(own.baseUrl);
    this.#baseUrl = own.baseUrl === undefined ? undefined : String(own.baseUrl);
    this.#ownCache = own.cache !== undefined && own.cache !== false;
    this.#plan = makePlan(null, own, false, this.#ownCache);
    this.#streamPlan = makePlan(this.#plan, Object.create(null), true, this.#ownCache);
    this.headers = new HeaderMap([
      ["User-Agent", USER_AGENT],
      ["Accept-Encoding", ACCEPT_ENCODING],
      ["Accept", "*/*"],
    ]);
    if (own.headers) this.headers.assign(own.headers);
    this.#keepsCookies = own.cookies !== false;
    this.cookies = this.#initialCookies(own.cookies);
    this.#env = { ...process.env };
    this.#adapter = new HttpAdapter({ ...own, connectTimeout: this.#plan.send.timeouts.connect, env: this.#env });
  }

  #initialCookies(cookies: SessionOptions["cookies"]): CookieJar {
    if (cookies instanceof CookieJar) return cookies;
    const jar = new CookieJar();
    if (cookies) {
      if (!this.#base)
        throw invalidArgument("cookies", cookies, "a CookieJar when there is no baseUrl to say whose cookies they are");
      jar.addForHost(this.#base, cookies as CookieRecord);
    }
    return jar;
  }

  /** Credentials for every call that names none; null for none at all. */
  get auth(): Auth | null {
    return this.#plan.auth ?? null;
  }

  set auth(auth: SessionOptions["auth"]) {
    const resolved = auth === undefined ? undefined : resolveAuth(auth);
    this.#plan = { ...this.#plan, auth: resolved };
    this.#streamPlan = { ...this.#streamPlan, auth: resolved };
  }

  /** GET; see `request`. */
  get(url: string | URL, options?: RequestOptions): ResponsePromise {
    return this.request("GET", url, options);
  }

  /** POST; see `request`. */
  post(url: string | URL, options?: RequestOptions): ResponsePromise {
    return this.request("POST", url, options);
  }

  /** PUT; see `request`. */
  put(url: string | URL, options?: RequestOptions): ResponsePromise {
    return this.request("PUT", url, options);
  }

  /** PATCH; see `request`. */
  patch(url: string | URL, options?: RequestOptions): ResponsePromise {
    return this.request("PATCH", url, options);
  }

  /** DELETE; see `request`. */
  delete(url: string | URL, options?: RequestOptions): ResponsePromise {
    return this.request("DELETE", url, options);
  }

  /** HEAD; does not follow redirects unless `allowRedirects` is true, as in requests. */
  head(url: string | URL, options?: RequestOptions): ResponsePromise {
    return this.request("HEAD", url, options);
  }

  /** OPTIONS; see `request`. */
  options(url: string | URL, options?: RequestOptions): ResponsePromise {
    return this.request("OPTIONS", url, options);
  }

  /** Sends a request and resolves when the whole body is in memory. Rejects with a RequestException. */
  request(method: string, url: string | URL, options?: RequestOptions): ResponsePromise {
    return withShortcuts(this.#start(method, url, options, false));
  }

  /** Sends a request and resolves at the head; read or `close()` the response, or the connection stays taken. */
  stream(method: string, url: string | URL, options?: RequestOptions): Promise<Response> {
    return this.#start(method, url, options, true);
  }

  async #start(
    method: string,
    url: string | URL,
    options: RequestOptions | undefined,
    stream: boolean,
  ): Promise<Response> {
    if (options === undefined) {
      const target = resolveUrl(url, {
        baseUrl: this.#baseUrl,
        allowAbsoluteUrls: this.#options.allowAbsoluteUrls,
        params: this.#options.params,
      });
      const foreign = this.#isForeign(target);
      const headers = foreign ? this.#foreignHeaders() : this.headers;
      const request = new PreparedRequest(checkMethod(method), target, headers, null, !foreign);
      const plan = stream ? this.#streamPlan : this.#plan;
      return this.#run(request, foreign ? { ...plan, auth: undefined } : plan, null);
    }
    const own = ownOptions(options, "request");
    const request = this.#prepare(method, url, own);
    const plan = this.#planFor(request.target, own, stream || own.stream === true);
    let ownCookies: CookieJar | null = null;
    if (own.cookies) {
      ownCookies = new CookieJar();
      ownCookies.addForHost(request.target, own.cookies);
    }
    return this.#run(request, plan, ownCookies);
  }

  #planFor(target: ParsedUrl, own: RequestOptions, stream: boolean): CallPlan {
    const base = this.#isForeign(target) ? { ...this.#plan, auth: undefined } : this.#plan;
    // What a call sends in its own name must not be answered from, or to, another call.
    const personal = own.auth !== undefined || own.cookies !== undefined || own.headers !== undefined;
    return makePlan(base, own, stream, this.#ownCache && !personal && own.cache !== false);
  }

  /** A request as it would be sent, to be changed and given to `send()`; credentials and cookies are added on sending. */
  prepare(method: string, url: string | URL, options: RequestOptions = {}): PreparedRequest {
    return this.#prepare(method, url, ownOptions(options, "request"));
  }

  #prepare(method: string, url: string | URL, own: RequestOptions): PreparedRequest {
    const checked = checkMethod(method);
    const target = resolveUrl(url, {
      baseUrl: this.#baseUrl,
      allowAbsoluteUrls: own.allowAbsoluteUrls ?? this.#options.allowAbsoluteUrls,
      params: joinParams(this.#options.params, own.params),
    });
    const headers = this.#isForeign(target) ? this.#foreignHeaders() : this.headers.clone();
    if (own.headers) headers.assign(own.headers);
    const body = encodeBody(own);
    const given = own.headers ? headers.get("content-type") : null;
    if (body?.contentType && given === null && !removes(own.headers, "content-type"))
      headers.set("Content-Type", body.contentType);
    const boundary =
      body?.contentType && /^multipart\//i.test(given ?? "") && !/boundary=/i.test(given!)
        ? body.contentType.split(";")[1]
        : null;
    if (boundary) headers.set("Content-Type", `${given};${boundary}`);
    return new PreparedRequest(checked, target, headers, body);
  }

  /** Sends a prepared request as it is, with the session's cookies and credentials where it has none. */
  send(
    request: PreparedRequest,
    options: Omit<RequestOptions, "json" | "form" | "data" | "files" | "params" | "headers"> = {},
  ): ResponsePromise {
    if (!(request instanceof PreparedRequest)) throw invalidArgument("request", request, "a PreparedRequest");
    const own = ownOptions(options, "request");
    let ownCookies: CookieJar | null = null;
    if (own.cookies) {
      ownCookies = new CookieJar();
      ownCookies.addForHost(request.target, own.cookies);
    }
    return withShortcuts(
      this.#run(request.clone(), this.#planFor(request.target, own, own.stream === true), ownCookies),
    );
  }

  async #run(request: PreparedRequest, plan: CallPlan, ownCookies: CookieJar | null): Promise<Response> {
    if (this.#closed) throw new ClosedError("the session is closed", { request });
    const { signal, timeouts, stream } = plan.send;
    const scope = signal !== null || timeouts.total > 0 ? new CallScope(signal, timeouts.total, request) : null;
    const call = new Call(
      this.#context,
      request,
      plan,
      scope,
      this.#keepsCookies ? this.cookies : new CookieJar(),
      ownCookies,
    );
    try {
      const response = await call.run();
      if (scope && !(stream && response.isStreaming)) scope.finish();
      return response;
    } catch (cause) {
      scope?.finish();
      // What a hook or a credentials function throws stays what it is.
      let error: Error =
        cause instanceof RequestException ? translate(cause, call.request, "connect") : (cause as Error);
      for (const hook of plan.hooks.error) error = (await hook(error)) ?? error;
      if (errorChannel.hasSubscribers) errorChannel.publish({ request: call.request, error });
      throw error;
    }
  }

  readonly #context = {
    adapterFor: (url: ParsedUrl): Adapter => {
      for (const { prefix, adapter } of this.#mounts) if (matchesPrefix(url.href, prefix)) return adapter;
      return this.#adapter;
    },
    netrcAuth: (hostname: string): Auth | null => {
      if (this.#options.trust?.netrc === false) return null;
      const known = this.#netrc.get(hostname);
      if (known !== undefined) return known;
      const found = findNetrcAuth(hostname, this.#env);
      const auth = found ? basic(found.username, found.password) : null;
      if (this.#netrc.size >= MAX_NETRC_HOSTS) this.#netrc.clear();
      this.#netrc.set(hostname, auth);
      return auth;
    },
  };

  /** With a baseUrl, the session's credentials are for its origin only. */
  #isForeign(target: ParsedUrl): boolean {
    return this.#base !== null && target.origin !== this.#base.origin;
  }

  #foreignHeaders(): HeaderMap {
    const headers = this.headers.clone();
    for (const [name] of [...headers]) {
      const lower = name.toLowerCase();
      if (sensitiveHeaderNames.has(lower) || this.#plan.sensitiveHeaders.has(lower)) headers.delete(name);
    }
    return headers;
  }

  /** Uses another adapter, or a function that answers with a fetch `Response`, for URLs that start with `prefix`; the longest prefix wins. */
  mount(prefix: string, adapter: Adapter | FetchLike): void {
    if (typeof prefix !== "string" || !/^https?:\/\//i.test(prefix))
      throw invalidArgument("prefix", prefix, "the start of an http or https URL");
    const mounted = typeof adapter === "function" ? new FunctionAdapter(adapter) : adapter;
    if (typeof mounted?.send !== "function") throw invalidArgument("adapter", adapter, "an Adapter or a function");
    const known = this.#mounts.findIndex((mount) => mount.prefix === prefix);
    if (known >= 0) this.#mounts.splice(known, 1);
    this.#mounts.push({ prefix, adapter: mounted });
    this.#mounts.sort((a, b) => b.prefix.length - a.prefix.length);
  }

  /** The pages from `url` on, by the Link header or by `next`; credentials do not follow to another origin. */
  async *paginate(url: string | URL, options: PaginateOptions = {}): AsyncGenerator<Response, void> {
    const { maxPages = MAX_PAGES, next = nextLink, ...rest } = options;
    const own = ownOptions(rest as RequestOptions, "request");
    let request = this.#prepare("GET", url, own);
    let plan = this.#planFor(request.target, own, false);
    for (let page = 1; page <= maxPages; page++) {
      const response = await this.#run(request.clone(), plan, null);
      yield response;
      const location = await next(response);
      if (location == null || location === "") return;
      const planned = planRedirect({
        status: 307,
        location: Buffer.from(location).toString("latin1"),
        method: "GET",
        url: response.request.target,
        headers: request.headers,
        sensitiveHeaders: plan.sensitiveHeaders,
      });
      request = new PreparedRequest("GET", planned.url, planned.headers, null);
      if (planned.stripped) plan = { ...plan, auth: null };
    }
  }

  /** Streams a URL into a file, resuming what an earlier attempt left; see DownloadOptions. */
  download(url: string | URL, path: DownloadPath, options: DownloadOptions = {}): Promise<DownloadResult> {
    return download(this, url, path, options);
  }

  /** Ends every connection; calls that are under way reject with ClosedError. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([this.#adapter.close(), ...this.#mounts.map(({ adapter }) => adapter.close())]);
  }

  /** The same as `close()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function nextLink(response: Response): string | undefined {
  return response.links.next?.url;
}

function joinParams(session: Fields | string | undefined, call: Fields | string | undefined): string | undefined {
  if (session === undefined && call === undefined) return undefined;
  const text = (params: Fields | string | undefined): string =>
    params === undefined ? "" : typeof params === "string" ? params.replace(/^\?/, "") : encodeFields(params, "params");
  return [text(session), text(call)].filter((part) => part !== "").join("&");
}

function removes(headers: RequestOptions["headers"], name: string): boolean {
  if (!headers || Symbol.iterator in headers) return false;
  return Object.entries(headers).some(([key, value]) => key.toLowerCase() === name && value === null);
}

/** A prefix without a path ends at the end of its host: `https://a.com` is not a prefix of `https://a.com.evil`. */
function matchesPrefix(url: string, prefix: string): boolean {
  if (!url.toLowerCase().startsWith(prefix.toLowerCase())) return false;
  return (
    /^https?:\/\/$|[/?#:]$/i.test(prefix) ||
    /^([/?#:]|$)/.test(url.slice(prefix.length)) ||
    /^https?:\/\/[^/]+\/./i.test(prefix)
  );
}
