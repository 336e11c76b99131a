import type { DownloadOptions, DownloadPath, DownloadResult } from "./download.ts";
import type { RequestOptions } from "./options.ts";
import type { Response } from "./response.ts";
import type { ResponsePromise } from "./response-promise.ts";
import { type PaginateOptions, Session } from "./session.ts";

let shared: Session | undefined;

/** One session for all module functions: connections are shared, cookies are not kept from call to call. */
function session(): Session {
  shared ??= new Session({ cookies: false });
  return shared;
}

/** The functions of `requests`, without a session: connections are pooled, and nothing else is remembered. */
export interface Http {
  /** GET; see `request`. */
  get(url: string | URL, options?: RequestOptions): ResponsePromise;
  /** POST; see `request`. */
  post(url: string | URL, options?: RequestOptions): ResponsePromise;
  /** PUT; see `request`. */
  put(url: string | URL, options?: RequestOptions): ResponsePromise;
  /** PATCH; see `request`. */
  patch(url: string | URL, options?: RequestOptions): ResponsePromise;
  /** DELETE; see `request`. */
  delete(url: string | URL, options?: RequestOptions): ResponsePromise;
  /** HEAD; see `request`. */
  head(url: string | URL, options?: RequestOptions): ResponsePromise;
  /** OPTIONS; see `request`. */
  options(url: string | URL, options?: RequestOptions): ResponsePromise;
  /** Sends a request and resolves when the whole body is in memory. */
  request(method: string, url: string | URL, options?: RequestOptions): ResponsePromise;
  /** Sends a request and resolves at the head. */
  stream(method: string, url: string | URL, options?: RequestOptions): Promise<Response>;
  /** The pages from `url` on; see `Session.paginate`. */
  paginate(url: string | URL, options?: PaginateOptions): AsyncGenerator<Response, void>;
  /** Streams a URL into a file; see `Session.download`. */
  download(url: string | URL, path: DownloadPath, options?: DownloadOptions): Promise<DownloadResult>;
}

/** HTTP without a session: `await http.get(url).json()`. */
export const http: Http = {
  get: (url, options) => session().get(url, options),
  post: (url, options) => session().post(url, options),
  put: (url, options) => session().put(url, options),
  patch: (url, options) => session().patch(url, options),
  delete: (url, options) => session().delete(url, options),
  head: (url, options) => session().head(url, options),
  options: (url, options) => session().options(url, options),
  request: (method, url, options) => session().request(method, url, options),
  stream: (method, url, options) => session().stream(method, url, options),
  paginate: (url, options) => session().paginate(url, options),
  download: (url, path, options) => session().download(url, path, options),
};
