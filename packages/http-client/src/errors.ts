import type { PreparedRequest } from "./prepared-request.ts";
import type { Response } from "./response.ts";

/** What an error knows about the exchange that failed. */
export interface ErrorContext {
  /** Machine-readable reason; each class has a default. */
  code?: string;
  /** The request that was being sent, with the headers of the failing hop. */
  request?: PreparedRequest | undefined;
  /** The response, when one had arrived. */
  response?: Response | undefined;
  /** The error of undici, Node or zlib underneath. */
  cause?: unknown;
}

/** Base of every error that a request can end with. */
export class RequestException extends Error {
  static readonly code: string = "ERR_HTTP_REQUEST";
  override readonly name: string = "RequestException";
  /** Machine-readable reason, such as `ERR_HTTP_READ_TIMEOUT`. */
  readonly code: string;
  /** The request that failed, if it got as far as being prepared. */
  declare readonly request: PreparedRequest | undefined;
  /** The response that the error is about, if there was one. */
  declare readonly response: Response | undefined;

  constructor(message: string, context: ErrorContext = {}) {
    super(message, context.cause === undefined ? undefined : { cause: context.cause });
    this.code = context.code ?? new.target.code;
    // Not enumerable: a printed error stays a few lines long.
    Object.defineProperty(this, "request", {
      value: context.request,
      enumerable: false,
      writable: true,
      configurable: true,
    });
    Object.defineProperty(this, "response", {
      value: context.response,
      enumerable: false,
      writable: true,
      configurable: true,
    });
  }
}

/** A 4xx or 5xx answer, from `raiseForStatus()` or `throwHttpErrors`. */
export class HTTPError extends RequestException {
  static override readonly code: string = "ERR_HTTP_STATUS";
  override readonly name: string = "HTTPError";
}

/** No connection, or the connection broke before an answer came. */
export class ConnectionError extends RequestException {
  static override readonly code: string = "ERR_HTTP_CONNECTION";
  override readonly name: string = "ConnectionError";
}

/** The proxy could not be used: unreachable, refused the tunnel, or broke its protocol. */
export class ProxyError extends ConnectionError {
  static override readonly code: string = "ERR_HTTP_PROXY";
  override readonly name: string = "ProxyError";
}

/** The TLS handshake or the certificate check failed. */
export class SSLError extends ConnectionError {
  static override readonly code: string = "ERR_HTTP_TLS";
  override readonly name: string = "SSLError";
}

/** Time ran out. `error instanceof Timeout` is also true for `ConnectTimeout`. */
export class Timeout extends RequestException {
  static override readonly code: string = "ERR_HTTP_TIMEOUT";
  override readonly name: string = "Timeout";

  // JavaScript has one parent per class; Python's ConnectTimeout has two. Subclasses keep the usual meaning.
  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: inherited, and then `this` is the subclass.
    if (this === Timeout && value instanceof ConnectTimeout) return true;
    // biome-ignore lint/complexity/noThisInStatic: inherited, and then `this` is the subclass.
    return Function.prototype[Symbol.hasInstance].call(this, value);
  }
}

/** No connection within `timeout.connect`. */
export class ConnectTimeout extends ConnectionError {
  static override readonly code: string = "ERR_HTTP_CONNECT_TIMEOUT";
  override readonly name: string = "ConnectTimeout";
}

/** Nothing arrived for `timeout.read` while waiting for the head or the body. */
export class ReadTimeout extends Timeout {
  static override readonly code: string = "ERR_HTTP_READ_TIMEOUT";
  override readonly name: string = "ReadTimeout";
}

/** The whole call, with its redirects, retries and back-off, took longer than `timeout.total`. */
export class TotalTimeout extends Timeout {
  static override readonly code: string = "ERR_HTTP_TOTAL_TIMEOUT";
  override readonly name: string = "TotalTimeout";
}

/** The caller's `signal` fired; `cause` is `signal.reason`. */
export class AbortError extends RequestException {
  static override readonly code: string = "ABORT_ERR";
  override readonly name: string = "AbortError";
}

/** The session was closed. */
export class ClosedError extends RequestException {
  static override readonly code: string = "ERR_HTTP_CLOSED";
  override readonly name: string = "ClosedError";
}

/** More redirects than `maxRedirects`; `response` is the last one, with the others in its `history`. */
export class TooManyRedirects extends RequestException {
  static override readonly code: string = "ERR_HTTP_TOO_MANY_REDIRECTS";
  override readonly name: string = "TooManyRedirects";
}

/** No URL was given. */
export class URLRequired extends RequestException {
  static override readonly code: string = "ERR_HTTP_URL_REQUIRED";
  override readonly name: string = "URLRequired";
}

/** The URL has no `http://` or `https://` in front. */
export class MissingSchema extends RequestException {
  static override readonly code: string = "ERR_HTTP_MISSING_SCHEMA";
  override readonly name: string = "MissingSchema";
}

/** The URL, or a redirect, names a scheme that is not spoken here. */
export class InvalidSchema extends RequestException {
  static override readonly code: string = "ERR_HTTP_INVALID_SCHEMA";
  override readonly name: string = "InvalidSchema";
}

/** The URL cannot be parsed, or leaves the base URL without permission. */
export class InvalidURL extends RequestException {
  static override readonly code: string = "ERR_HTTP_INVALID_URL";
  override readonly name: string = "InvalidURL";
}

/** The URL of a proxy cannot be used. */
export class InvalidProxyURL extends InvalidURL {
  static override readonly code: string = "ERR_HTTP_INVALID_PROXY_URL";
  override readonly name: string = "InvalidProxyURL";
}

/** A header name or value that must not go on the wire (RFC 9110, section 5). */
export class InvalidHeader extends RequestException {
  static override readonly code: string = "ERR_HTTP_INVALID_HEADER";
  override readonly name: string = "InvalidHeader";
}

/** A value that JSON cannot express, or a body that is not JSON. */
export class InvalidJSONError extends RequestException {
  static override readonly code: string = "ERR_HTTP_INVALID_JSON";
  override readonly name: string = "InvalidJSONError";
}

/** The body of a response is not JSON. */
export class JSONDecodeError extends InvalidJSONError {
  static override readonly code: string = "ERR_HTTP_JSON_DECODE";
  override readonly name: string = "JSONDecodeError";
}

/** One finding of a schema: what is wrong, and where. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined;
}

/** The JSON is well formed but is not what the schema asks for. */
export class SchemaValidationError extends RequestException {
  static override readonly code: string = "ERR_HTTP_SCHEMA";
  override readonly name: string = "SchemaValidationError";
  /** What the schema found, as it reported it. */
  readonly issues: readonly SchemaIssue[];

  constructor(message: string, issues: readonly SchemaIssue[], context: ErrorContext = {}) {
    super(message, context);
    this.issues = issues;
  }
}

/** The body ended early, or its framing is broken. */
export class ChunkedEncodingError extends RequestException {
  static override readonly code: string = "ERR_HTTP_INCOMPLETE_BODY";
  override readonly name: string = "ChunkedEncodingError";
}

/** The body does not decode as its Content-Encoding says. */
export class ContentDecodingError extends RequestException {
  static override readonly code: string = "ERR_HTTP_CONTENT_DECODING";
  override readonly name: string = "ContentDecodingError";
}

/** The head or the body is larger than its limit. */
export class ResponseTooLarge extends RequestException {
  static override readonly code: string = "ERR_HTTP_RESPONSE_TOO_LARGE";
  override readonly name: string = "ResponseTooLarge";
}

/** A streamed body was asked for a second time. */
export class StreamConsumedError extends RequestException {
  static override readonly code: string = "ERR_HTTP_STREAM_CONSUMED";
  override readonly name: string = "StreamConsumedError";
}

/** The retries ran out on a status code; `response` is the last answer. */
export class RetryError extends RequestException {
  static override readonly code: string = "ERR_HTTP_RETRIES_EXHAUSTED";
  override readonly name: string = "RetryError";
}

/** A redirect or a retry needs the body again, and it was a stream that is gone. */
export class UnrewindableBodyError extends RequestException {
  static override readonly code: string = "ERR_HTTP_UNREWINDABLE_BODY";
  override readonly name: string = "UnrewindableBodyError";
}

/** The address that a name resolved to is not one that `allowAddresses` permits. */
export class ForbiddenAddressError extends ConnectionError {
  static override readonly code: string = "ERR_HTTP_FORBIDDEN_ADDRESS";
  override readonly name: string = "ForbiddenAddressError";
}

/** True for every error of this package, also one from another copy of it. */
export function isRequestException(value: unknown): value is RequestException {
  return (
    value instanceof RequestException ||
    (value instanceof Error && "code" in value && /^(ERR_HTTP_[A-Z_]+|ABORT_ERR)$/.test(String(value.code)))
  );
}

/** A misuse of the API: a TypeError that names the argument, the value and what was expected. */
export function invalidArgument(name: string, value: unknown, expected: string): TypeError {
  const shown = typeof value === "string" ? JSON.stringify(value.slice(0, 100)) : describe(value);
  return Object.assign(new TypeError(`${name} must be ${expected}; got ${shown}`), { code: "ERR_INVALID_ARG_VALUE" });
}

function describe(value: unknown): string {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) return String(value);
  return typeof value === "function" ? "a function" : `an instance of ${value.constructor?.name ?? "Object"}`;
}
