export type { Adapter, AdapterResponse, BodySource, SendOptions } from "./adapter.ts";
export type { AllowAddresses } from "./addresses.ts";
export type { Auth, AuthOption } from "./auth/auth.ts";
export { basic } from "./auth/basic.ts";
export { bearer } from "./auth/bearer.ts";
export { digest } from "./auth/digest.ts";
export { netrc } from "./auth/netrc.ts";
export type { BodyOptions, Progress } from "./body.ts";
export { RequestBody } from "./body.ts";
export type { Cookie, CookieAttributes, CookieRecord } from "./cookies.ts";
export { CookieJar } from "./cookies.ts";
export type { DownloadOptions, DownloadPath, DownloadResult } from "./download.ts";
export type { ErrorContext, SchemaIssue } from "./errors.ts";
export {
  AbortError,
  ChunkedEncodingError,
  ClosedError,
  ConnectionError,
  ConnectTimeout,
  ContentDecodingError,
  ForbiddenAddressError,
  HTTPError,
  InvalidHeader,
  InvalidJSONError,
  InvalidProxyURL,
  InvalidSchema,
  InvalidURL,
  isRequestException,
  JSONDecodeError,
  MissingSchema,
  ProxyError,
  ReadTimeout,
  RequestException,
  ResponseTooLarge,
  RetryError,
  SchemaValidationError,
  SSLError,
  StreamConsumedError,
  Timeout,
  TooManyRedirects,
  TotalTimeout,
  UnrewindableBodyError,
  URLRequired,
} from "./errors.ts";
export type { FetchLike } from "./function-adapter.ts";
export type { HeadersInit, HeaderValue } from "./headers.ts";
export { HeaderMap } from "./headers.ts";
export type { Hook, HookResult, Hooks } from "./hooks.ts";
export type { Http } from "./http.ts";
export { http } from "./http.ts";
export type { HttpAdapterOptions, Trust } from "./http-adapter.ts";
export { HttpAdapter } from "./http-adapter.ts";
export type { Link } from "./links.ts";
export type { BodyData, FilePath, Files, FileValue, PartOptions, Source } from "./multipart.ts";
export { file } from "./multipart.ts";
export type { NetrcLookup } from "./netrc.ts";
export type { CommonOptions, RequestOptions, SessionOptions } from "./options.ts";
export type { PoolOptions } from "./pools.ts";
export { PreparedRequest } from "./prepared-request.ts";
export type { ProxiesOption } from "./proxies.ts";
export type { Fields, FieldValue } from "./query.ts";
export type { LinesOptions } from "./response.ts";
export { Response } from "./response.ts";
export type { ResponsePromise } from "./response-promise.ts";
export type { FailureKind, RetryHistoryEntry, RetryOptions } from "./retry.ts";
export { Retry } from "./retry.ts";
export type { SchemaOutput, StandardResult, StandardSchema } from "./schema.ts";
export type { PaginateOptions } from "./session.ts";
export { Session } from "./session.ts";
export type { TimeoutOption, TimeoutOptions, Timeouts } from "./timeouts.ts";
export type { CertOption, VerifyOption } from "./tls.ts";
export type { ParsedUrl } from "./url.ts";
