import {
  ChunkedEncodingError,
  ClosedError,
  ConnectionError,
  ConnectTimeout,
  ContentDecodingError,
  type ErrorContext,
  InvalidHeader,
  InvalidURL,
  ReadTimeout,
  RequestException,
  ResponseTooLarge,
  SchemaValidationError,
  SSLError,
} from "./errors.ts";
import type { PreparedRequest } from "./prepared-request.ts";
import { redactUrl } from "./redact.ts";

/** How far an exchange had got when it failed. */
export type Phase = "connect" | "headers" | "body";

const TLS_CODE =
  /^(ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|ERR_OSSL_)/;
const DECODING_CODE = /^(Z_|ERR_BROTLI|ERR_ZSTD|ZSTD_|ERR__ERROR_|ERR_PADDING|ERR_STREAM_PREMATURE)/;

/** The one place where errors of undici, Node and zlib become errors of this package. */
export function translate(cause: unknown, request: PreparedRequest, phase: Phase): Error {
  if (cause instanceof RequestException) {
    if (!cause.request) Object.defineProperty(cause, "request", { value: request, enumerable: false });
    if (cause.request === request) return cause;
    // One failed connection fails every call that waited for it; each gets an error of its own.
    const Type = cause.constructor as new (message: string, context: ErrorContext) => RequestException;
    return cause instanceof SchemaValidationError
      ? cause
      : new Type(cause.message, { code: cause.code, request, response: cause.response, cause });
  }
  const error = flatten(cause);
  const code = typeof error.code === "string" ? error.code : "";
  const context = { request, cause };
  const where = `${request.method} ${redactUrl(request.url)}`;
  const detail = error.message || code || "unknown error";

  if (code === "UND_ERR_CONNECT_TIMEOUT") return new ConnectTimeout(`${where}: ${detail}`, context);
  if (code === "UND_ERR_HEADERS_TIMEOUT") return new ReadTimeout(`${where}: no response head in time`, context);
  if (code === "UND_ERR_BODY_TIMEOUT") return new ReadTimeout(`${where}: the body stalled`, context);
  if (code === "UND_ERR_HEADERS_OVERFLOW" || code === "HPE_HEADER_OVERFLOW") {
    return new ResponseTooLarge(`${where}: the response head is larger than maxHeaderSize`, context);
  }
  if (code === "UND_ERR_RES_EXCEEDED_MAX_SIZE") return new ResponseTooLarge(`${where}: ${detail}`, context);
  if (code === "UND_ERR_DESTROYED" || code === "UND_ERR_CLOSED") {
    return new ClosedError(`${where}: the session was closed`, context);
  }
  if (code === "UND_ERR_INVALID_ARG" || code === "UND_ERR_NOT_SUPPORTED") {
    return /path|url/i.test(detail)
      ? new InvalidURL(`${where}: ${detail}`, context)
      : new InvalidHeader(`${where}: ${detail}`, context);
  }
  if (TLS_CODE.test(code)) return new SSLError(`${where}: ${tlsDetail(error, code)} (${code})`, context);
  if (DECODING_CODE.test(code)) {
    return new ContentDecodingError(
      `${where}: the body does not decode as its Content-Encoding says: ${detail}`,
      context,
    );
  }
  if (code === "UND_ERR_REQ_CONTENT_LENGTH_MISMATCH") {
    // A header of the caller's own, or a file that grew or shrank meanwhile.
    const message = `${where}: the body is not as long as its Content-Length says`;
    return new RequestException(message, { code: "ERR_HTTP_BODY_LENGTH", ...context });
  }
  if (code === "UND_ERR_RES_CONTENT_LENGTH_MISMATCH" || phase === "body") {
    return new ChunkedEncodingError(`${where}: the body ended early: ${detail}`, context);
  }
  if (cause instanceof TypeError && !code.startsWith("UND_") && !("syscall" in cause)) return cause;
  return new ConnectionError(`${where}: ${detail}`, context);
}

/** What OpenSSL says in its message is the place in its source; Node has the reason beside it. */
function tlsDetail(error: { message: string; reason?: unknown }, code: string): string {
  const reason = typeof error.reason === "string" && code.startsWith("ERR_SSL_") ? error.reason : error.message;
  const hint = /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST)$/.test(code);
  return `${reason.trim() || code}${hint ? "; is it a server without TLS, to be asked by http://" : ""}`;
}

/** Happy Eyeballs reports one AggregateError with an empty message; its first part says what happened. */
function flatten(cause: unknown): { message: string; code?: unknown; reason?: unknown } {
  if (cause instanceof AggregateError && cause.errors.length > 0) {
    const messages = [
      ...new Set(cause.errors.map((error: unknown) => (error instanceof Error ? error.message : String(error)))),
    ];
    return { message: messages.join("; "), code: (cause as { code?: unknown }).code };
  }
  if (cause instanceof Error) return cause as Error & { code?: unknown };
  return { message: String(cause) };
}
