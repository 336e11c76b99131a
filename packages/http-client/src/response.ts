import { inspect } from "node:util";
import type { AdapterResponse, BodySource } from "./adapter.ts";
import { parseSetCookies } from "./cookies.ts";
import { tooLarge } from "./decode.ts";
import { decodeText, detectEncoding, encodingFromHeader, guessJsonUtf } from "./encoding.ts";
import { HTTPError, JSONDecodeError, RequestException, StreamConsumedError } from "./errors.ts";
import type { HeaderMap } from "./headers.ts";
import { LineSplitter } from "./lines.ts";
import { type Link, linksByRelation } from "./links.ts";
import type { PreparedRequest } from "./prepared-request.ts";
import { redactUrl } from "./redact.ts";
import { isRedirectStatus } from "./redirect.ts";
import { type SchemaOutput, type StandardSchema, validate } from "./schema.ts";
import { textStream } from "./text-stream.ts";

/** How lines are cut. */
export interface LinesOptions {
  /** What separates lines. Default `\n`, `\r\n` or `\r`. */
  readonly delimiter?: string;
  /** The charset. Default the response's own. */
  readonly encoding?: string;
  /** Characters of one line. Default 16 Mi. */
  readonly maxLineLength?: number;
}

/** An answer: its head, and its body whole in memory or as a stream that is read once. */
export class Response {
  readonly #answer: AdapterResponse;
  readonly #limit: number;
  /** The request of this very answer; after redirects, the last one. */
  readonly request: PreparedRequest;
  /** The answers that redirected here, oldest first. */
  readonly history: readonly Response[];
  /** The URL of this answer, without credentials. */
  readonly url: string;
  #bytes: Buffer | null;
  #source: BodySource | null;
  #leftover: Buffer | null = null;
  #encoding: string | null | undefined;
  #onClose: (() => void) | null;

  /** Made by sessions. `limit` bounds what is read into memory of a streamed body. */
  constructor(
    answer: AdapterResponse,
    request: PreparedRequest,
    history: readonly Response[] = [],
    limit: number = Number.POSITIVE_INFINITY,
    onClose: (() => void) | null = null,
  ) {
    this.#answer = answer;
    this.#limit = limit;
    this.request = request;
    this.history = history;
    this.url = request.url;
    this.#onClose = onClose;
    const { body } = answer;
    if (Buffer.isBuffer(body)) {
      this.#bytes = body;
      this.#source = null;
    } else {
      this.#bytes = null;
      this.#source = body as BodySource;
    }
  }

  /** The status code. */
  get status(): number {
    return this.#answer.status;
  }

  /** The reason phrase; empty over HTTP/2. */
  get reason(): string {
    return this.#answer.reason;
  }

  /** The headers as they came: Content-Encoding and Content-Length are those of the wire. */
  get headers(): HeaderMap {
    return this.#answer.headers;
  }

  /** True below 400, as in requests. */
  get ok(): boolean {
    return this.status < 400;
  }

  /** Milliseconds from sending the request to the end of the answer's head. */
  get elapsed(): number {
    return this.#answer.elapsed;
  }

  /** True when it redirects and says where to. */
  get isRedirect(): boolean {
    return isRedirectStatus(this.status) && this.headers.has("location");
  }

  /** True for a redirect that will stay: 301 and 308. */
  get isPermanentRedirect(): boolean {
    return this.isRedirect && (this.status === 301 || this.status === 308);
  }

  /** True when the body of a redirect was too large to be kept. */
  get truncated(): boolean {
    return this.#answer.truncated;
  }

  /** The Link header by relation: `response.links.next?.url` (RFC 8288). */
  get links(): Readonly<Record<string, Link>> {
    return linksByRelation(this.headers.get("link"));
  }

  /** The cookies that this answer set, by name. */
  get cookies(): ReadonlyMap<string, string> {
    return parseSetCookies(this.headers.getSetCookie());
  }

  /** The charset of `text()`: what was set, else what the headers say, else null for detection. */
  get encoding(): string | null {
    return this.#encoding === undefined ? encodingFromHeader(this.headers.get("content-type")) : this.#encoding;
  }

  set encoding(charset: string | null) {
    this.#encoding = charset;
  }

  /** The charset that the bytes look like; needs the body in memory. */
  get apparentEncoding(): string | null {
    return detectEncoding(this.bodyBytes);
  }

  /** The body, of a response that is whole in memory. Throws StreamConsumedError for a stream that was not read. */
  get bodyBytes(): Buffer {
    if (this.#bytes) return this.#bytes;
    throw new StreamConsumedError("the body is a stream; read it with bytes() first", {
      request: this.request,
      response: this,
    });
  }

  /** True while a streamed body is not read to its end and not closed. */
  get isStreaming(): boolean {
    return this.#source !== null && !this.#source.isDone;
  }

  /** The body as bytes. */
  async bytes(): Promise<Buffer> {
    if (this.#bytes) return this.#bytes;
    const chunks: Buffer[] = [];
    let size = 0;
    for (let chunk = await this.#read(); chunk !== null; chunk = await this.#read()) {
      size += chunk.length;
      if (size > this.#limit) {
        await this.close();
        throw tooLarge(this.#limit);
      }
      chunks.push(chunk);
    }
    this.#source = null;
    this.#bytes = Buffer.concat(chunks, size);
    return this.#bytes;
  }

  /** The body as text in `encoding`, or in what it looks like; unknown characters become U+FFFD. */
  async text(encoding?: string): Promise<string> {
    const bytes = this.#bytes ?? (await this.bytes());
    const charset = encoding ?? this.encoding ?? detectEncoding(bytes) ?? "utf-8";
    try {
      return decodeText(bytes, charset);
    } catch (cause) {
      // A server may name anything; what the caller names is checked.
      if (encoding !== undefined || this.#encoding !== undefined)
        throw new RequestException((cause as Error).message, {
          code: "ERR_HTTP_CHARSET",
          request: this.request,
          response: this,
          cause,
        });
      return decodeText(bytes, detectEncoding(bytes) ?? "utf-8");
    }
  }

  /** The body as JSON, in UTF-8, UTF-16 or UTF-32, checked by a Standard Schema if one is given. */
  json<T = unknown>(): Promise<T>;
  json<Schema extends StandardSchema>(schema: Schema): Promise<SchemaOutput<Schema>>;
  async json(schema?: StandardSchema): Promise<unknown> {
    const bytes = this.#bytes ?? (await this.bytes());
    const value = this.#parseJson(bytes);
    return schema === undefined ? value : validate(schema, value, { request: this.request, response: this });
  }

  #parseJson(bytes: Buffer): unknown {
    let text: string | undefined;
    try {
      text = decodeText(bytes, guessJsonUtf(bytes) ?? this.encoding ?? "utf-8");
      return JSON.parse(text);
    } catch (cause) {
      const type = this.headers.get("content-type") ?? "no content type";
      const start = JSON.stringify((text ?? "").slice(0, 60));
      // The page of an error is what most often is not JSON.
      const status = this.status < 400 ? "" : `${this.status} ${this.reason}, `;
      const message = `${this.#label()} is not JSON (${status}${type}, ${bytes.length} bytes, starts ${start}): ${(cause as Error).message}`;
      throw new JSONDecodeError(message, { request: this.request, response: this, cause });
    }
  }

  /** The body as a Blob with its content type. */
  async blob(): Promise<Blob> {
    const bytes = await this.bytes();
    return new Blob([bytes as Uint8Array<ArrayBuffer>], { type: this.headers.get("content-type") ?? "" });
  }

  /** The body as lines. */
  async lines(options: LinesOptions = {}): Promise<string[]> {
    const splitter = new LineSplitter(options.delimiter, options.maxLineLength);
    const lines = splitter.push(await this.text(options.encoding));
    return [...lines, ...splitter.end()];
  }

  /** The body in pieces of exactly `size` bytes, the last one shorter; without a size, as they come. `break` keeps the rest. */
  async *iterBytes(size?: number): AsyncGenerator<Buffer, void> {
    if (size !== undefined && !(Number.isInteger(size) && size > 0))
      throw new RangeError(`size must be a whole number above 0; got ${size}`);
    if (this.#bytes) {
      const step = size ?? Math.max(1, this.#bytes.length);
      for (let at = 0; at < this.#bytes.length; at += step) yield this.#bytes.subarray(at, at + step);
      return;
    }
    for (let chunk = await this.#read(); chunk !== null; chunk = await this.#read()) {
      if (size === undefined) {
        yield chunk;
        continue;
      }
      while (chunk.length < size) {
        const more: Buffer | null = await this.#read();
        if (more === null) {
          yield chunk;
          return;
        }
        chunk = Buffer.concat([chunk, more]);
      }
      if (chunk.length > size) this.#leftover = chunk.subarray(size);
      yield chunk.subarray(0, size);
    }
  }

  /** The body line by line, decoded as it comes. */
  async *iterLines(options: LinesOptions = {}): AsyncGenerator<string, void> {
    const splitter = new LineSplitter(options.delimiter, options.maxLineLength);
    const decoder = textStream(options.encoding ?? this.encoding ?? "utf-8");
    for await (const chunk of this.iterBytes()) yield* splitter.push(decoder.push(chunk));
    yield* splitter.push(decoder.end());
    yield* splitter.end();
  }

  async #read(): Promise<Buffer | null> {
    if (this.#leftover) {
      const chunk = this.#leftover;
      this.#leftover = null;
      return chunk;
    }
    if (this.#source === null || this.#source.isDone) {
      throw new StreamConsumedError("the body was read or closed already", { request: this.request, response: this });
    }
    let chunk: Buffer | null = null;
    try {
      chunk = await this.#source.read();
      return chunk;
    } finally {
      if (chunk === null) this.#closed();
    }
  }

  /** Returns itself; throws HTTPError for 4xx and 5xx. */
  raiseForStatus(): this {
    if (this.status < 400) return this;
    const side = this.status < 500 ? "Client" : "Server";
    throw new HTTPError(`${this.status} ${side} Error: ${this.reason || "no reason given"} for ${this.#label()}`, {
      request: this.request,
      response: this,
    });
  }

  /** A fetch `Response` with the same status, headers and body; a streamed body goes over to it. */
  toFetchResponse(): globalThis.Response {
    const headers = new Headers();
    for (const [name, value] of this.headers) {
      // The body is decoded, so that these two no longer describe it.
      if (!/^content-(encoding|length)$/i.test(name)) headers.append(name, value);
    }
    const empty = [101, 204, 205, 304].includes(this.status);
    const body = empty ? null : (this.#bytes ?? ReadableStream.from(this.iterBytes()));
    const made = new globalThis.Response(body as ConstructorParameters<typeof globalThis.Response>[0], {
      status: this.status,
      statusText: this.reason,
      headers,
    });
    Object.defineProperty(made, "url", { value: this.url });
    return made;
  }

  /** Ends a streamed response: the connection is given up if the body was not read. */
  async close(): Promise<void> {
    this.#source?.destroy();
    this.#leftover = null;
    this.#closed();
  }

  #closed(): void {
    const onClose = this.#onClose;
    this.#onClose = null;
    onClose?.();
  }

  /** The same as `close()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #label(): string {
    return `${this.request.method} ${redactUrl(this.url)}`;
  }

  /** For logs: credentials are redacted, the body is left out. */
  toJSON(): { status: number; reason: string; url: string; headers: Record<string, string> } {
    return { status: this.status, reason: this.reason, url: redactUrl(this.url), headers: this.headers.toJSON() };
  }

  [inspect.custom](_depth: number, options: object): string {
    return `Response ${inspect({ ...this.toJSON(), headers: { ...this.headers.toJSON() } }, options)}`;
  }
}
