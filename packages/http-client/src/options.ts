import type { Dispatcher } from "undici";
import type { AuthOption } from "./auth/auth.ts";
import type { BodyOptions, Progress } from "./body.ts";
import type { CookieJar, CookieRecord } from "./cookies.ts";
import { invalidArgument } from "./errors.ts";
import type { HeadersInit } from "./headers.ts";
import type { Hooks } from "./hooks.ts";
import type { Trust } from "./http-adapter.ts";
import { checkNames } from "./option-names.ts";
import type { PoolOptions } from "./pools.ts";
import { checkProxies, type ProxiesOption } from "./proxies.ts";
import type { Fields } from "./query.ts";
import type { Retry, RetryOptions } from "./retry.ts";
import type { TimeoutOption } from "./timeouts.ts";
import type { CertOption, VerifyOption } from "./tls.ts";

/** What can be said both for a session and for one call; the call wins. */
export interface CommonOptions {
  /** Added to the query of the URL; an array repeats a name. A call's params are added to the session's. */
  readonly params?: Fields | string | undefined;
  /** Headers; `null` removes a default. */
  readonly headers?: HeadersInit | undefined;
  /** Credentials. Order: an Authorization header, this, the session's, those in the URL, netrc. */
  readonly auth?: AuthOption | undefined;
  /** Milliseconds; see TimeoutOptions. Default `{ connect: 10_000, read: 60_000 }`. */
  readonly timeout?: TimeoutOption | undefined;
  /** Follow redirects. Default true, but false for HEAD as in requests. */
  readonly allowRedirects?: boolean | undefined;
  /** Redirects of one call. Default 30. */
  readonly maxRedirects?: number | undefined;
  /** Follow a redirect from https to http. Default true; credentials are dropped in any case. */
  readonly allowDowngrade?: boolean | undefined;
  /** Proxies; see ProxiesOption. Default: those of the environment. */
  readonly proxies?: ProxiesOption | undefined;
  /** Whom to trust for TLS. Default true: Node's authorities. */
  readonly verify?: VerifyOption | undefined;
  /** A client certificate. */
  readonly cert?: CertOption | undefined;
  /** Functions called at fixed points; the session's before the call's. */
  readonly hooks?: Hooks | undefined;
  /** Retries: a number is `total`. Default: none, but for a stale pooled connection. */
  readonly retry?: Retry | RetryOptions | number | undefined;
  /** Throw HTTPError for 4xx and 5xx. Default false. */
  readonly throwHttpErrors?: boolean | undefined;
  /** Allow absolute URLs although baseUrl is set. Default false. */
  readonly allowAbsoluteUrls?: boolean | undefined;
  /** Bytes of a body in memory, after decoding. Default 104 857 600; a streamed body has no limit unless this is set. */
  readonly maxResponseBytes?: number | undefined;
  /** More headers that must not follow a redirect to another origin. */
  readonly sensitiveHeaders?: readonly string[] | undefined;
  /** Offer HTTP/2 in the TLS handshake. Default false. */
  readonly http2?: boolean | undefined;
  /** Told how much of the body the connection has taken. */
  readonly onUploadProgress?: ((progress: Progress) => void) | undefined;
  /** Told how much of the body has arrived, as it is on the wire. */
  readonly onDownloadProgress?: ((progress: Progress) => void) | undefined;
}

/** The options of one call. */
export interface RequestOptions extends CommonOptions, BodyOptions {
  /** Cookies for this call only, for the URL's host only. */
  readonly cookies?: CookieRecord | undefined;
  /** Resolve at the head and leave the body to be read, as `stream()` does. Default false. */
  readonly stream?: boolean | undefined;
  /** False: neither from the session's cache nor into it. Default: what the session says. */
  readonly cache?: boolean | undefined;
  /** An undici dispatcher for this call, such as a MockAgent; what the session says of connections does not hold for it. */
  readonly dispatcher?: Dispatcher | undefined;
  /** Ends the call; the error's `cause` is the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** The options of a session. */
export interface SessionOptions extends CommonOptions, PoolOptions {
  /** URLs of calls are paths below this one. */
  readonly baseUrl?: string | URL | undefined;
  /** The jar to use, or cookies for the host of baseUrl; false keeps none between calls. */
  readonly cookies?: CookieJar | CookieRecord | false | undefined;
  /** What the environment is trusted with. Default: everything. */
  readonly trust?: Trust | undefined;
  /** TLS towards an https proxy. */
  readonly proxyTls?: { readonly verify?: VerifyOption; readonly cert?: CertOption } | undefined;
  /** An undici dispatcher, such as a MockAgent, instead of the session's own pools; it is not closed with the session. */
  readonly dispatcher?: Dispatcher | undefined;
}

const COMMON = [
  "params",
  "headers",
  "auth",
  "timeout",
  "allowRedirects",
  "maxRedirects",
  "allowDowngrade",
  "proxies",
  "verify",
  "cert",
  "hooks",
  "retry",
  "throwHttpErrors",
  "allowAbsoluteUrls",
  "maxResponseBytes",
  "sensitiveHeaders",
  "http2",
  "onUploadProgress",
  "onDownloadProgress",
  "cookies",
];
const CALL = new Set([...COMMON, "json", "form", "data", "files", "signal", "stream", "cache", "dispatcher"]);
const SESSION = new Set([
  ...COMMON,
  "baseUrl",
  "trust",
  "proxyTls",
  "dispatcher",
  "maxConnections",
  "keepAliveTimeout",
  "maxHeaderSize",
  "allowAddresses",
  "socketPath",
  "cache",
]);

const TRUST: ReadonlySet<string> = new Set<keyof Trust>(["proxy", "netrc", "certificates"]);
const PROXY_TLS: ReadonlySet<string> = new Set(["verify", "cert"]);
const CACHE: ReadonlySet<string> = new Set(["maxSize", "maxCount", "maxEntrySize"]);

/**
 * The own properties of `options` on an object without a prototype, so that a polluted Object.prototype adds nothing.
 * Throws for a name that is not an option.
 */
export function ownOptions<T extends object>(options: T, kind: "request" | "session"): T {
  if (typeof options !== "object" || options === null || Array.isArray(options))
    throw invalidArgument("options", options, "an object of options");
  // A body in the place of the options would be sent as nothing.
  if (Symbol.iterator in options || Symbol.asyncIterator in options || options instanceof Blob)
    throw invalidArgument("options", options, "an object of options, such as { data }");
  checkNames(options, kind === "request" ? CALL : SESSION, `${kind} option`);
  const own: Record<string, unknown> = Object.create(null);
  for (const key of Object.keys(options)) {
    const value = (options as Record<string, unknown>)[key];
    if (value !== undefined) own[key] = value;
  }
  checkValues(own);
  if (kind === "request" && own.cache !== undefined && typeof own.cache !== "boolean")
    throw invalidArgument("cache", own.cache, "a boolean");
  return own as T;
}

function checkValues(own: Record<string, unknown>): void {
  for (const key of ["allowRedirects", "allowDowngrade", "throwHttpErrors", "allowAbsoluteUrls", "http2", "stream"]) {
    if (own[key] !== undefined && typeof own[key] !== "boolean") throw invalidArgument(key, own[key], "a boolean");
  }
  for (const key of ["maxRedirects", "maxConnections", "maxHeaderSize"]) {
    const value = own[key];
    if (value !== undefined && !(Number.isInteger(value) && (value as number) >= 0))
      throw invalidArgument(key, value, "a whole number of 0 or more");
  }
  const bytes = own.maxResponseBytes;
  if (bytes !== undefined && !(typeof bytes === "number" && bytes >= 0))
    throw invalidArgument("maxResponseBytes", bytes, "bytes of 0 or more, or Infinity");
  for (const key of ["onUploadProgress", "onDownloadProgress"]) {
    if (own[key] !== undefined && typeof own[key] !== "function") throw invalidArgument(key, own[key], "a function");
  }
  checkProxies(own.proxies);
  checkParts(own, "trust", TRUST);
  checkParts(own, "proxyTls", PROXY_TLS);
  if (typeof own.cache !== "boolean") checkParts(own, "cache", CACHE);
  const { dispatcher } = own;
  if (dispatcher !== undefined && typeof (dispatcher as { dispatch?: unknown } | null)?.dispatch !== "function")
    throw invalidArgument("dispatcher", dispatcher, "an undici Dispatcher");
  if (own.signal !== undefined && !(own.signal instanceof AbortSignal))
    throw invalidArgument("signal", own.signal, "an AbortSignal");
}

/** An option that is an object of its own: what is misspelled in it would be trusted, or left out, in silence. */
function checkParts(own: Record<string, unknown>, name: string, parts: ReadonlySet<string>): void {
  const value = own[name];
  if (value === undefined) return;
  if (typeof value !== "object" || value === null)
    throw invalidArgument(name, value, `an object of ${[...parts].join(", ")}`);
  checkNames(value, parts, `part of ${name}`);
}
