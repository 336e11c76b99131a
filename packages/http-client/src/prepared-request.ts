import { inspect } from "node:util";
import type { RequestBody } from "./body.ts";
import { invalidArgument } from "./errors.ts";
import type { HeaderMap } from "./headers.ts";
import { redactUrl } from "./redact.ts";
import { type ParsedUrl, parseUrl } from "./url.ts";

const METHOD = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const KNOWN = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** The method in upper case, as requests has it. Throws for what is not a token (RFC 9110, section 9.1). */
export function checkMethod(method: unknown): string {
  if (typeof method === "string") {
    if (KNOWN.has(method)) return method;
    if (METHOD.test(method)) {
      const upper = method.toUpperCase();
      if (upper !== "CONNECT") return upper;
    }
  }
  throw invalidArgument("method", method, "an HTTP method other than CONNECT");
}

/** A request as it will be sent, to be looked at, changed, and sent by `session.send()`. */
export class PreparedRequest {
  #method: string;
  #target: ParsedUrl;
  #headers: HeaderMap;
  #shared: boolean;
  /** What is sent after the head; null for none. */
  body: RequestBody | null;

  /** `shared` headers belong to a session and are copied before anyone can change them. */
  constructor(method: string, target: ParsedUrl, headers: HeaderMap, body: RequestBody | null, shared = false) {
    this.#method = method;
    this.#target = target;
    this.#headers = headers;
    this.#shared = shared;
    this.body = body;
  }

  get method(): string {
    return this.#method;
  }

  set method(method: string) {
    this.#method = checkMethod(method);
  }

  /** The absolute URL, without user name and password. */
  get url(): string {
    return this.#target.href;
  }

  set url(url: string | URL) {
    this.#target = parseUrl(url);
  }

  /** The URL, taken apart. */
  get target(): ParsedUrl {
    return this.#target;
  }

  /** The headers; changes are sent. */
  get headers(): HeaderMap {
    if (this.#shared) {
      this.#headers = this.#headers.clone();
      this.#shared = false;
    }
    return this.#headers;
  }

  set headers(headers: HeaderMap) {
    this.#headers = headers;
    this.#shared = false;
  }

  /** True while the headers are the session's own, untouched. */
  get hasSharedHeaders(): boolean {
    return this.#shared;
  }

  /** The headers for reading only, without making a copy. */
  peekHeaders(): HeaderMap {
    return this.#headers;
  }

  /** The whole body in memory; empty when there is none. */
  async bodyBytes(): Promise<Buffer> {
    if (!this.body) return Buffer.alloc(0);
    if (this.body.bytes) return this.body.bytes;
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.body.open()) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  /** A copy with headers of its own; the body is the same one. */
  clone(): PreparedRequest {
    return new PreparedRequest(this.#method, this.#target, this.#headers.clone(), this.body);
  }

  /** For logs: credentials are redacted. */
  toJSON(): { method: string; url: string; headers: Record<string, string> } {
    return { method: this.#method, url: redactUrl(this.url), headers: this.#headers.toJSON() };
  }

  [inspect.custom](_depth: number, options: object): string {
    return `PreparedRequest ${inspect({ ...this.toJSON(), headers: { ...this.#headers.toJSON() } }, options)}`;
  }
}
