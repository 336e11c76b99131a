import { headerList } from "../layers/text-message.ts";
import type { Timestamp } from "../timestamp.ts";
import { HTTPBody } from "./http-body.ts";

/** A request or a response, as far as the capture shows it. */
export interface HTTPMessage {
  /** `HTTP/1.1`, `HTTP/1.0`; `HTTP/0.9` for what has no version. */
  readonly version: string;
  /** Header fields in order, with the names as they were sent. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: HTTPBody;
  /** Whether the message was seen to its end, without gaps. */
  complete: boolean;
  /** Time of its first byte. */
  readonly time: Timestamp;
  /** Time of its last byte so far. */
  endTime: Timestamp;
}

export interface HTTPRequest extends HTTPMessage {
  readonly method: string;
  /** The request target as sent. */
  readonly target: string;
}

export interface HTTPResponse extends HTTPMessage {
  readonly status: number;
  readonly reason: string;
}

/** The values of all headers called `name`, in any case, joined by commas; `undefined` without one. */
export function headerOf(message: Pick<HTTPMessage, "headers">, name: string): string | undefined {
  const wanted = name.toLowerCase();
  const values = message.headers.filter(([each]) => each.toLowerCase() === wanted).map(([, value]) => value);
  return values.length === 0 ? undefined : values.join(", ");
}

/** Items of a header that is a list, in lower case. */
function headerItems(message: Pick<HTTPMessage, "headers">, name: string): string[] {
  return (headerOf(message, name) ?? "")
    .split(",")
    .map((item) => item.trim().toLowerCase())
    .filter((item) => item !== "");
}

// The name is upper case (RFC 9112 section 2.3); servers that write it otherwise are understood by clients.
const REQUEST = /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}) +(.*?) +(HTTP\/1\.\d)$/i;
const SIMPLE_REQUEST = /^(GET) +(\S+)$/;
const RESPONSE = /^(HTTP\/1\.\d) +(\d{3})(?: +(.*))?$/i;

/** Parses the head of a request; `undefined` when it is none. */
export function parseRequest(line: string, head: string, time: Timestamp): HTTPRequest | undefined {
  const match = REQUEST.exec(line) ?? SIMPLE_REQUEST.exec(line);
  if (match === null) return undefined;
  const [, method, target, version = "HTTP/0.9"] = match;
  return { method: method!, target: target!, version, ...rest(head, time) };
}

/** Parses the head of a response; `undefined` when it is none. */
export function parseResponse(line: string, head: string, time: Timestamp): HTTPResponse | undefined {
  const match = RESPONSE.exec(line);
  if (match === null) return undefined;
  const [, version, status, reason = ""] = match;
  return { status: Number(status), reason, version: version!, ...rest(head, time) };
}

/** A response of HTTP/0.9: a body and nothing else. */
export function simpleResponse(time: Timestamp): HTTPResponse {
  return { status: 200, reason: "", version: "HTTP/0.9", ...rest("", time) };
}

function rest(head: string, time: Timestamp): Omit<HTTPMessage, "version"> {
  const headers = headerList(head);
  const body = new HTTPBody(headerItems({ headers }, "content-encoding"));
  return { headers, body, complete: false, time, endTime: time };
}

/** How the end of a body is found (RFC 9112 section 6.3). */
export type BodyFraming =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly length: number }
  | { readonly kind: "chunked" }
  | { readonly kind: "close" }
  /** The bytes that follow are another protocol's. */
  | { readonly kind: "tunnel" }
  /** The headers contradict each other. */
  | { readonly kind: "invalid" };

export function requestFraming(request: HTTPRequest): BodyFraming {
  const coded = headerItems(request, "transfer-encoding");
  if (coded.length > 0) return coded.at(-1) === "chunked" ? { kind: "chunked" } : { kind: "invalid" };
  return byLength(request) ?? { kind: "none" };
}

/** `request` is what it answers, when that was seen. */
export function responseFraming(response: HTTPResponse, request: HTTPRequest | undefined): BodyFraming {
  const { status } = response;
  if (status === 101) return { kind: "tunnel" };
  if (request?.method === "CONNECT" && status >= 200 && status < 300) return { kind: "tunnel" };
  if (request?.method === "HEAD" || status < 200 || status === 204 || status === 304) return { kind: "none" };
  const coded = headerItems(response, "transfer-encoding");
  if (coded.length > 0) return { kind: coded.at(-1) === "chunked" ? "chunked" : "close" };
  return byLength(response) ?? { kind: "close" };
}

function byLength(message: HTTPMessage): BodyFraming | undefined {
  const lengths = new Set(headerItems(message, "content-length"));
  if (lengths.size === 0) return undefined;
  const [text] = lengths;
  if (lengths.size > 1 || !/^\d{1,15}$/.test(text!)) return { kind: "invalid" };
  return { kind: "length", length: Number(text) };
}
