import { hasControlCharacter } from "./control-characters.ts";
import { InvalidSchema, InvalidURL, MissingSchema, URLRequired } from "./errors.ts";
import { encodeFields, type Fields } from "./query.ts";
import { redactUrl } from "./redact.ts";

/** A URL split once into what sending needs. */
export interface ParsedUrl {
  /** The URL without user name and password, with its fragment. */
  readonly href: string;
  /** Scheme, host and port, as undici keys its pools. */
  readonly origin: string;
  /** Path and query, as they go into the request line. */
  readonly path: string;
  readonly protocol: "http:" | "https:";
  readonly hostname: string;
  /** The port in effect: 80 or 443 when the URL has none. */
  readonly port: number;
  /** `#…`, or the empty string. */
  readonly hash: string;
  /** User name and password of the URL, percent-decoded; null when it has none. */
  readonly credentials: { readonly username: string; readonly password: string } | null;
}

const CACHE_LIMIT = 512;
const cache = new Map<string, ParsedUrl>();

/**
 * Parses an absolute http or https URL.
 * Throws URLRequired, MissingSchema, InvalidSchema or InvalidURL.
 */
export function parseUrl(input: string | URL): ParsedUrl {
  const text = typeof input === "string" ? input : checkUrlObject(input);
  const known = cache.get(text);
  if (known) return known;
  const parsed = parse(text);
  if (cache.size >= CACHE_LIMIT) cache.clear();
  cache.set(text, parsed);
  return parsed;
}

function checkUrlObject(input: unknown): string {
  if (input instanceof URL) return input.href;
  throw new URLRequired(`url must be a string or a URL; got ${input === null ? "null" : typeof input}`);
}

function parse(text: string): ParsedUrl {
  const trimmed = text.trim();
  if (trimmed === "") throw new URLRequired("url must not be empty");
  const shown = JSON.stringify(redactUrl(trimmed).slice(0, 200));
  // WHATWG URL removes tabs and line ends; what was meant as one URL must not become another.
  if (hasControlCharacter(trimmed)) throw new InvalidURL(`url ${shown} holds a control character`);
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(trimmed)?.[1]?.toLowerCase();
  if (scheme === undefined || (scheme !== "http" && scheme !== "https" && /^[^/]*:\d+(\/|$)/.test(trimmed))) {
    const hint = /^(?!\/\/)[/?#]/.test(trimmed)
      ? "a path needs a Session with a baseUrl"
      : `did you mean https://${redactUrl(trimmed).replace(/^\/\//, "").slice(0, 200)}?`;
    throw new MissingSchema(`url ${shown} has no scheme; ${hint}`);
  }
  if (scheme !== "http" && scheme !== "https") {
    throw new InvalidSchema(`url ${shown} has scheme "${scheme}"; only http and https are supported`);
  }
  if (!/^https?:\/\/[^/?#\\]/i.test(trimmed)) throw new InvalidURL(`url ${shown} has no host`);
  // The error of the constructor would carry the input, password and all.
  if (!URL.canParse(trimmed)) throw new InvalidURL(`url ${shown} is not valid`);
  const url = new URL(trimmed);
  const credentials =
    url.username === "" && url.password === ""
      ? null
      : { username: percentDecode(url.username), password: percentDecode(url.password) };
  url.username = "";
  url.password = "";
  const protocol = url.protocol as "http:" | "https:";
  return {
    href: url.href,
    origin: url.origin,
    path: url.pathname + url.search,
    protocol,
    hostname: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? (protocol === "https:" ? 443 : 80) : Number(url.port),
    hash: url.hash,
    credentials,
  };
}

/** Percent-decodes as UTF-8; a sequence that is not UTF-8 stays as it is. */
export function percentDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** How a call's URL is joined with the session's. */
export interface ResolveOptions {
  baseUrl?: string | undefined;
  allowAbsoluteUrls?: boolean | undefined;
  params?: Fields | string | undefined;
}

/**
 * The URL of a call. Under a base URL the input is a path below it; an absolute URL, or one that leaves the base's
 * origin, is an InvalidURL unless `allowAbsoluteUrls` is set.
 */
export function resolveUrl(input: string | URL, options: ResolveOptions): ParsedUrl {
  let target: ParsedUrl;
  if (options.baseUrl === undefined) {
    target = parseUrl(input);
  } else {
    const text = (typeof input === "string" ? input : checkUrlObject(input)).trim();
    const absolute = /^([a-z][a-z0-9+.-]*:|[\\/]{2})/i.test(text);
    if (absolute && !options.allowAbsoluteUrls) {
      const shown = JSON.stringify(redactUrl(text).slice(0, 200));
      throw new InvalidURL(`url ${shown} is absolute and baseUrl is set; pass a path, or allowAbsoluteUrls: true`);
    }
    target = absolute
      ? parseUrl(text.startsWith("//") ? new URL(text, options.baseUrl) : text)
      : join(options.baseUrl, text);
  }
  if (options.params === undefined) return target;
  const query =
    typeof options.params === "string" ? options.params.replace(/^\?/, "") : encodeFields(options.params, "params");
  return query === "" ? target : parseUrl(withQuery(target, query));
}

function join(baseUrl: string, path: string): ParsedUrl {
  const base = parseUrl(baseUrl);
  if (path === "") return base;
  const [directory = "", search = ""] = base.path.split(/(?=\?)/);
  let joined: string;
  if (path.startsWith("?")) joined = directory + path;
  else if (path.startsWith("#")) joined = base.path + path;
  else joined = `${directory.replace(/\/$/, "")}/${path.replace(/^\//, "")}${/[?#]/.test(path) ? "" : search}`;
  const target = parseUrl(base.origin + joined);
  if (target.origin !== base.origin) throw new InvalidURL(`url ${JSON.stringify(path)} leaves the origin of baseUrl`);
  return base.credentials ? { ...target, credentials: base.credentials } : target;
}

function withQuery(target: ParsedUrl, query: string): string {
  const path = target.path.includes("?")
    ? /[?&]$/.test(target.path)
      ? target.path
      : `${target.path}&`
    : `${target.path}?`;
  const user = target.credentials;
  const prefix = user ? `${encodeURIComponent(user.username)}:${encodeURIComponent(user.password)}@` : "";
  return `${target.protocol}//${prefix}${target.origin.slice(target.protocol.length + 2)}${path}${query}${target.hash}`;
}
