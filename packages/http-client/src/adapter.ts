import type { Dispatcher } from "undici";
import type { Progress } from "./body.ts";
import type { HeaderMap } from "./headers.ts";
import type { PreparedRequest } from "./prepared-request.ts";
import type { ProxiesOption } from "./proxies.ts";
import type { Retry } from "./retry.ts";
import type { Timeouts } from "./timeouts.ts";
import type { CertOption, VerifyOption } from "./tls.ts";

/** What an adapter is told besides the request. */
export interface SendOptions {
  /** Resolve at the head, with the body as a stream. */
  readonly stream: boolean;
  readonly timeouts: Timeouts;
  readonly retry: Retry | null;
  readonly proxies: ProxiesOption | undefined;
  readonly verify: VerifyOption | undefined;
  readonly cert: CertOption | undefined;
  readonly http2: boolean;
  /** Bytes of a body in memory after decoding. */
  readonly maxResponseBytes: number;
  /** The limit holds for a streamed body too. */
  readonly limitStream: boolean;
  /** The session follows redirects, so their bodies need not be kept. */
  readonly followRedirects: boolean;
  /** Use the cache of the session. */
  readonly cached: boolean;
  /** An undici dispatcher for this call; the adapter's own way if undefined. */
  readonly dispatcher: Dispatcher | undefined;
  readonly signal: AbortSignal | null;
  readonly onUploadProgress: ((progress: Progress) => void) | null;
  readonly onDownloadProgress: ((progress: Progress) => void) | null;
  /** Called before each new attempt. */
  readonly onRetry: ((retry: Retry, delay: number) => void | Promise<void>) | null;
}

/** A body that is read piece by piece. */
export interface BodySource {
  /** The next bytes, decoded; null at the end. */
  read(): Promise<Buffer | null>;
  /** Gives the connection up, or back if nothing is left to read. */
  destroy(): void;
  /** True when nothing is left to read or the body was given up. */
  readonly isDone: boolean;
}

/** What an adapter answers with. The body is decoded: no Content-Encoding is left on it. */
export interface AdapterResponse {
  /** From 200 to 599. */
  readonly status: number;
  /** The reason phrase, or the empty string. */
  readonly reason: string;
  readonly headers: HeaderMap;
  /** The whole body, or its source when `stream` was asked for. */
  readonly body: Buffer | BodySource;
  /** Milliseconds from sending to the head; 0 if the adapter does not measure. */
  readonly elapsed: number;
  /** The body of a redirect was too large to be kept. */
  readonly truncated: boolean;
}

/** Sends prepared requests: the layer below the session, chosen by `session.mount(prefix, adapter)`. */
export interface Adapter {
  /** Sends one request, without following redirects. Rejects with a RequestException. */
  send(request: PreparedRequest, options: SendOptions): Promise<AdapterResponse>;
  /** Ends what the adapter holds open; called when the session closes. */
  close(): Promise<void>;
}
