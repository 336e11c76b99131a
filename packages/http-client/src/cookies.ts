import { createRequire } from "node:module";
import { inspect } from "node:util";
import type * as ToughCookie from "tough-cookie";
import { InvalidHeader, invalidArgument } from "./errors.ts";
import type { ParsedUrl } from "./url.ts";

let loaded: typeof ToughCookie | undefined;

/** tough-cookie takes longer to load than everything else here, so it waits for the first cookie. */
function toughCookie(): typeof ToughCookie {
  loaded ??= createRequire(import.meta.url)("tough-cookie") as typeof ToughCookie;
  return loaded;
}

/** Where and how long a cookie that is set by hand is valid. */
export interface CookieAttributes {
  /** The URL whose host and path the cookie belongs to. */
  readonly url?: string | URL;
  /** The domain, whose subdomains get the cookie too; instead of `url`. */
  readonly domain?: string;
  /** Default `/`. */
  readonly path?: string;
  readonly expires?: Date;
  readonly secure?: boolean;
  readonly httpOnly?: boolean;
}

/** A cookie of the jar. */
export interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly domain: string;
  readonly path: string;
  readonly expires: Date | null;
  readonly secure: boolean;
  readonly httpOnly: boolean;
  /** Only the very host gets it, no subdomain. */
  readonly hostOnly: boolean;
}

/** Cookies given by name and value. */
export type CookieRecord = Readonly<Record<string, string | number | null | undefined>>;

// RFC 6265, section 4.1.1, widened as browsers do: anything but controls, space at the ends, and the delimiters.
const NAME = /^[\x21\x23-\x2b\x2d-\x3a\x3c\x3e-\x7e]+$/;
const VALUE = /^(?:[\x21-\x3a\x3c-\x7e\x80-\xff](?:[\x20-\x3a\x3c-\x7e\x80-\xff]*[\x21-\x3a\x3c-\x7e\x80-\xff])?)?$/;
const ATTRIBUTE = /^[\x20-\x3a\x3c-\x7e]*$/;
const MAX_COOKIES_PER_RESPONSE = 100;
const MAX_COOKIE_BYTES = 8192;

function checkCookie(name: string, value: unknown): string {
  const text = String(value);
  if (!NAME.test(name)) throw new InvalidHeader(`cookie name must be an RFC 6265 token; got ${JSON.stringify(name)}`);
  if (!VALUE.test(text))
    throw new InvalidHeader(`value of cookie ${name} holds a control character, a semicolon, or space at its ends`);
  return text;
}

/** The cookies of a session: RFC 6265bis with the public-suffix list, by tough-cookie. */
export class CookieJar implements Iterable<Cookie> {
  #jar: ToughCookie.CookieJar | null = null;

  #open(): ToughCookie.CookieJar {
    this.#jar ??= new (toughCookie().CookieJar)(undefined, { prefixSecurity: "silent", rejectPublicSuffixes: true });
    return this.#jar;
  }

  /** True until the first cookie; costs nothing. */
  get isEmpty(): boolean {
    return this.#jar === null;
  }

  /** The value of the first cookie with that name, in the domain if one is given. */
  get(name: string, domain?: string): string | undefined {
    for (const cookie of this)
      if (cookie.name === name && (domain === undefined || cookie.domain === domain)) return cookie.value;
    return undefined;
  }

  /** Sets a cookie for a URL's host or for a domain. Throws InvalidHeader for what must not be in a header. */
  set(name: string, value: string | number, attributes: CookieAttributes): void {
    const { url, domain, path, expires, secure, httpOnly } = attributes ?? {};
    if ((url === undefined) === (domain === undefined))
      throw invalidArgument("attributes", attributes, "an object with either url or domain");
    const at = new URL(url ?? `https://${String(domain).replace(/^\./, "")}/`);
    const text = checkCookie(name, value);
    if (!ATTRIBUTE.test(path ?? "") || !ATTRIBUTE.test(domain ?? ""))
      throw new InvalidHeader(`path or domain of cookie ${name} holds a control character or a semicolon`);
    const { Cookie } = toughCookie();
    this.#open().setCookieSync(
      new Cookie({
        key: name,
        value: text,
        path: path ?? "/",
        ...(domain === undefined ? {} : { domain: domain.replace(/^\./, "") }),
        ...(expires === undefined ? {} : { expires }),
        secure: secure ?? false,
        httpOnly: httpOnly ?? false,
      }),
      at.href,
    );
  }

  /** For logs: names, and whose they are; values are left out. */
  [inspect.custom](_depth: number, options: object): string {
    return `CookieJar ${inspect(
      Array.from(this, ({ name, domain, path }) => `${name} of ${domain}${path}`),
      options,
    )}`;
  }

  /** Removes the cookies with that name, in one domain if one is given; returns how many there were. */
  delete(name: string, domain?: string): number {
    let removed = 0;
    for (const cookie of this) {
      if (cookie.name !== name || (domain !== undefined && cookie.domain !== domain)) continue;
      this.#open().store.removeCookie(cookie.domain, cookie.path, cookie.name);
      removed++;
    }
    return removed;
  }

  /** Removes every cookie. */
  clear(): void {
    this.#jar = null;
  }

  /** The Cookie header for a URL, or null. */
  header(url: ParsedUrl): string | null {
    if (this.#jar === null) return null;
    return this.#jar.getCookieStringSync(url.href) || null;
  }

  /** Stores what a response sets; a cookie that breaks the rules is dropped, as RFC 6265 asks. */
  store(url: ParsedUrl, setCookie: readonly string[]): void {
    for (const line of setCookie.slice(0, MAX_COOKIES_PER_RESPONSE)) {
      if (line.length <= MAX_COOKIE_BYTES) this.#open().setCookieSync(line, url.href, { ignoreError: true });
    }
  }

  /** Every cookie that has not expired, in the order of their making. */
  *[Symbol.iterator](): IterableIterator<Cookie> {
    let all: ToughCookie.Cookie[] = [];
    // The store in memory calls back at once.
    this.#jar?.store.getAllCookies((_, cookies) => {
      all = cookies ?? [];
    });
    const now = Date.now();
    for (const cookie of all.toSorted((a, b) => (a.creationIndex ?? 0) - (b.creationIndex ?? 0))) {
      const expires = cookie.expiryTime() ?? Number.POSITIVE_INFINITY;
      if (expires <= now) continue;
      yield {
        name: cookie.key,
        value: cookie.value,
        domain: cookie.domain ?? "",
        path: cookie.path ?? "/",
        expires: Number.isFinite(expires) ? new Date(expires) : null,
        secure: cookie.secure,
        httpOnly: cookie.httpOnly,
        hostOnly: cookie.hostOnly === true,
      };
    }
  }

  /** Everything, to be saved; `CookieJar.fromJSON` reads it. It holds secrets. */
  serialize(): object | null {
    return this.#jar?.serializeSync() ?? null;
  }

  /** The jar that `serialize` saved. */
  static deserialize(saved: object | null): CookieJar {
    const jar = new CookieJar();
    if (saved !== null) jar.#jar = toughCookie().CookieJar.deserializeSync(saved as ToughCookie.SerializedCookieJar);
    return jar;
  }

  /** A copy that shares nothing. */
  clone(): CookieJar {
    const jar = new CookieJar();
    if (this.#jar !== null) jar.#jar = this.#jar.cloneSync() ?? null;
    return jar;
  }

  /** Adds cookies for one host only, as `cookies` of a call does. */
  addForHost(url: ParsedUrl, cookies: CookieRecord): void {
    if (typeof cookies !== "object" || cookies === null)
      throw invalidArgument("cookies", cookies, "an object of names and values");
    for (const name of Object.keys(cookies)) {
      const value = cookies[name];
      if (value == null) this.delete(name);
      else this.set(name, value, { url: `${url.origin}/` });
    }
  }
}

/** Names and values of a response's own Set-Cookie lines. */
export function parseSetCookies(lines: readonly string[]): Map<string, string> {
  const cookies = new Map<string, string>();
  if (lines.length === 0) return cookies;
  const { Cookie } = toughCookie();
  for (const line of lines.slice(0, MAX_COOKIES_PER_RESPONSE)) {
    const cookie = Cookie.parse(line);
    if (cookie) cookies.set(cookie.key, cookie.value);
  }
  return cookies;
}
