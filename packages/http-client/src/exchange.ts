import type { IncomingHttpHeaders } from "node:http";
// Not the global one, which a test of the caller's may have replaced by a clock that stands still.
import { setImmediate } from "node:timers";
import type { Dispatcher } from "undici";
import type { SendOptions } from "./adapter.ts";
import { BodyStream } from "./body-stream.ts";
import { tooLarge } from "./decode.ts";
import { isRedirectStatus } from "./redirect.ts";
import type { Phase } from "./translate.ts";

/** What came off the wire: the head, and the body whole or as a stream, still encoded. */
export interface WireResponse {
  readonly status: number;
  readonly reason: string;
  /** undici's view: lower-case names. */
  readonly headers: IncomingHttpHeaders;
  /** The lines as they came. */
  readonly rawHeaders: readonly (Buffer | string)[] | null;
  readonly body: Buffer | BodyStream;
  /** Milliseconds from sending to the end of the head. */
  readonly elapsed: number;
  /** The body of a redirect was larger than is read of one; it was dropped. */
  readonly truncated: boolean;
}

/** How one exchange treats its answer. */
export type ExchangeOptions = Pick<
  SendOptions,
  "stream" | "followRedirects" | "maxResponseBytes" | "onDownloadProgress"
>;

/** Of a redirect's body no more than this is read; a longer one ends the connection. */
const MAX_REDIRECT_BODY = 65_536;

const EMPTY = Buffer.alloc(0);

/**
 * One request on one connection, as undici's handler. The buffered mode collects chunks and makes no stream: it is
 * what makes a plain GET cheap.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #options: ExchangeOptions;
  readonly #resolve: (response: WireResponse) => void;
  readonly #reject: (error: unknown) => void;
  readonly #connections: { readonly made: number } | null;
  readonly #madeBefore: number;
  readonly #sentAt = performance.now();
  #controller: Dispatcher.DispatchController | null = null;
  #abortReason: Error | null = null;
  #status = 0;
  #reason = "";
  #headers: IncomingHttpHeaders = {};
  #rawHeaders: readonly (Buffer | string)[] | null = null;
  #elapsed = 0;
  #chunks: Buffer | Buffer[] = EMPTY;
  #received = 0;
  #expected: number | null = null;
  #limit = 0;
  #drains = false;
  #stream: BodyStream | null = null;
  /** True when the request went out on a connection that was there before it. */
  reused = false;
  /** How far it got, for the error. */
  phase: Phase = "connect";
  /** Called when the request has a connection, or needs none any more. */
  onStart: (() => void) | null = null;

  /** `connections` counts the connections of the pools; null when nobody counts. */
  constructor(
    options: ExchangeOptions,
    connections: { readonly made: number } | null,
    resolve: (response: WireResponse) => void,
    reject: (error: unknown) => void,
  ) {
    this.#options = options;
    this.#connections = connections;
    this.#madeBefore = connections === null ? -1 : connections.made;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** True once the request has a connection. */
  get started(): boolean {
    return this.#controller !== null;
  }

  /** Ends the exchange; undici itself would not notice before the connection stands. */
  abort(reason: Error): void {
    if (this.#abortReason) return;
    this.#abortReason = reason;
    this.onStart?.();
    this.#reject(reason);
    this.#stream?.fail(reason);
    this.#controller?.abort(reason);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.phase = "headers";
    this.reused = this.#connections !== null && this.#connections.made === this.#madeBefore;
    this.onStart?.();
    if (this.#abortReason) controller.abort(this.#abortReason);
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
    reason?: string,
  ): void {
    if (status < 200) return;
    this.phase = "body";
    this.#elapsed = performance.now() - this.#sentAt;
    this.#status = status;
    this.#reason = reason ?? "";
    this.#headers = headers;
    this.#rawHeaders = (controller.rawHeaders as readonly (Buffer | string)[] | null | undefined) ?? null;
    const { stream, followRedirects, maxResponseBytes, onDownloadProgress } = this.#options;
    this.#drains = followRedirects && isRedirectStatus(status) && headers.location !== undefined;
    this.#limit = this.#drains ? Math.min(maxResponseBytes, MAX_REDIRECT_BODY) : maxResponseBytes;
    if (onDownloadProgress && headers["content-length"] !== undefined)
      this.#expected = Number(headers["content-length"]);
    if (stream && !this.#drains) {
      this.#stream = new BodyStream(controller);
      this.#resolve(this.#response(this.#stream, false));
    }
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#received += chunk.length;
    this.#options.onDownloadProgress?.({ transferred: this.#received, total: this.#expected });
    if (this.#stream) {
      this.#stream.push(chunk);
      return;
    }
    if (this.#received > this.#limit) {
      if (this.#drains) {
        this.#resolve(this.#response(EMPTY, true));
        controller.abort(new Error("the body of the redirect is not needed"));
      } else {
        controller.abort(tooLarge(this.#limit));
      }
      return;
    }
    // Small answers come in one chunk, which needs no list.
    if (this.#chunks === EMPTY) this.#chunks = chunk;
    else if (Array.isArray(this.#chunks)) this.#chunks.push(chunk);
    else this.#chunks = [this.#chunks as Buffer, chunk];
  }

  /**
   * undici hands the connection out again in the next check phase, by an immediate that it queues after this call. The
   * caller hears of the end behind that one: what it asks next goes out on this connection, not on one more.
   */
  onResponseEnd(): void {
    queueMicrotask(() => setImmediate(() => this.#finish()));
  }

  #finish(): void {
    if (this.#stream) {
      this.#stream.end();
      return;
    }
    const body = Array.isArray(this.#chunks) ? Buffer.concat(this.#chunks, this.#received) : this.#chunks;
    this.#resolve(this.#response(body, false));
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    // RFC 9110, section 8.6: the Content-Length of a 304 is that of a body it does not have; undici waits for it.
    if (
      this.#status === 304 &&
      this.#received === 0 &&
      (error as { code?: string }).code === "UND_ERR_RES_CONTENT_LENGTH_MISMATCH"
    ) {
      this.#finish();
      return;
    }
    this.#stream?.fail(error);
    this.#reject(error);
    this.onStart?.();
  }

  #response(body: Buffer | BodyStream, truncated: boolean): WireResponse {
    return {
      status: this.#status,
      reason: this.#reason,
      headers: this.#headers,
      rawHeaders: this.#rawHeaders,
      body,
      elapsed: this.#elapsed,
      truncated,
    };
  }
}
