import { InvalidSchema, InvalidURL } from "./errors.ts";
import type { HeaderMap } from "./headers.ts";
import { redactUrl, sensitiveHeaderNames } from "./redact.ts";
import { type ParsedUrl, parseUrl } from "./url.ts";

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
// RFC 9110, section 15.4: what describes the content goes with the content.
const CONTENT_HEADERS = [
  "content-length",
  "content-type",
  "content-encoding",
  "content-language",
  "content-location",
  "content-range",
  "transfer-encoding",
  "digest",
  "content-digest",
  "repr-digest",
];
const ORIGIN_HEADERS = ["authorization", "proxy-authorization", "cookie", "cookie2", "host", "origin"];

/** True for the status codes that are followed: 301, 302, 303, 307, 308; 300 is an answer. */
export function isRedirectStatus(status: number): boolean {
  return REDIRECTS.has(status);
}

/** The method of the next request, as requests and browsers choose it. */
export function redirectMethod(status: number, method: string): string {
  if (status === 303 && method !== "HEAD") return "GET";
  if (status === 302 && method !== "HEAD") return "GET";
  if (status === 301 && method === "POST") return "GET";
  return method;
}

/**
 * Whether credentials must not follow from one URL to another: another host, port or scheme. The one exception is
 * the upgrade from http on port 80 to https on port 443 of the same host.
 */
export function shouldStripAuth(from: ParsedUrl, to: ParsedUrl): boolean {
  if (from.hostname.toLowerCase() !== to.hostname.toLowerCase()) return true;
  if (from.protocol === "http:" && from.port === 80 && to.protocol === "https:" && to.port === 443) return false;
  return from.protocol !== to.protocol || from.port !== to.port;
}

/** What a redirect is decided from. */
export interface RedirectInput {
  readonly status: number;
  readonly location: string;
  readonly method: string;
  readonly url: ParsedUrl;
  readonly headers: HeaderMap;
  /** Names in lower case that are dropped across origins, besides the built-in list. */
  readonly sensitiveHeaders?: ReadonlySet<string> | undefined;
}

/** The next request, without its body. */
export interface RedirectPlan {
  readonly method: string;
  readonly url: ParsedUrl;
  readonly headers: HeaderMap;
  /** The body goes along again: nothing was rewritten to GET. */
  readonly keepBody: boolean;
  /** Credentials were dropped; they stay dropped for the rest of the chain. */
  readonly stripped: boolean;
}

/**
 * Decides one redirect. Throws InvalidSchema for a Location that is not http or https, InvalidURL for one that
 * cannot be parsed. Cookie is always removed: the caller makes it anew from the jar.
 */
export function planRedirect(input: RedirectInput): RedirectPlan {
  const url = resolveLocation(input.location, input.url);
  const method = redirectMethod(input.status, input.method);
  const keepBody = method === input.method;
  const stripped = shouldStripAuth(input.url, url);
  const headers = input.headers.clone();
  headers.delete("cookie");
  if (url.origin !== input.url.origin) headers.delete("host");
  if (!keepBody) for (const name of CONTENT_HEADERS) headers.delete(name);
  if (stripped) {
    for (const name of ORIGIN_HEADERS) headers.delete(name);
    for (const [name] of [...headers]) {
      const lower = name.toLowerCase();
      if (sensitiveHeaderNames.has(lower) || input.sensitiveHeaders?.has(lower)) headers.delete(name);
    }
  }
  return { method, url, headers, keepBody, stripped };
}

function resolveLocation(location: string, base: ParsedUrl): ParsedUrl {
  // A header is bytes; servers write UTF-8 into Location.
  const text = Buffer.from(location, "latin1").toString("utf8");
  const readable = text.includes("\ufffd") ? location : text;
  const shown = JSON.stringify(redactUrl(readable).slice(0, 200));
  if (!URL.canParse(readable, base.href)) throw new InvalidURL(`redirect to ${shown}, which is not a valid URL`);
  const target = new URL(readable, base.href);
  if (target.protocol !== "http:" && target.protocol !== "https:") {
    throw new InvalidSchema(`redirect to ${shown}: only http and https are followed`);
  }
  // RFC 9110, section 10.2.2: a Location without a fragment inherits the one of the request.
  if (target.hash === "" && base.hash !== "") target.hash = base.hash;
  return parseUrl(target);
}
