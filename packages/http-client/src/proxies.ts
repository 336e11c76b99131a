import { BlockList, isIP, isIPv4, isIPv6 } from "node:net";
import { InvalidProxyURL, invalidArgument } from "./errors.ts";
import { checkNames } from "./option-names.ts";
import { redactUrl } from "./redact.ts";
import { type ParsedUrl, percentDecode } from "./url.ts";

/**
 * Proxies as requests has them: one URL for everything, or URLs by `scheme://host`, `scheme`, `all://host` or `all`;
 * `false` is no proxy. `no_proxy` lists hosts that are reached directly.
 */
export type ProxiesOption = string | URL | false | Readonly<Record<string, string | URL | null | undefined>>;

/** A proxy's URL, taken apart. */
export interface ProxyTarget {
  readonly protocol: "http:" | "https:" | "socks4:" | "socks4a:" | "socks5:" | "socks5h:";
  readonly hostname: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  /** Without credentials; fit to be printed. */
  readonly href: string;
}

type Environment = Readonly<Record<string, string | undefined>>;
const DEFAULT_PORTS: Record<string, number> = { "http:": 80, "https:": 443 };
const PROTOCOLS = /^(https?|socks4a?|socks5h?|socks):$/;

const KEYS: ReadonlySet<string> = new Set(["http", "https", "all", "no_proxy"]);

/** Throws a TypeError for a key that no request would ever look up, so that none goes past the proxy that is meant. */
export function checkProxies(option: unknown): void {
  if (typeof option !== "object" || option === null || option instanceof URL) return;
  const schemes = Object.keys(option).map((key) => [key.replace(/^(https?|all):\/\/.+$/, "$1"), null]);
  checkNames(Object.fromEntries(schemes), KEYS, "key of proxies");
}

/** Parses a proxy's URL; without a scheme it is `http://`. Throws InvalidProxyURL. */
export function parseProxy(input: string | URL): ProxyTarget {
  const text = String(input).trim();
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text.replace(/^\/\//, "")}`;
  const shown = JSON.stringify(redactUrl(full).slice(0, 200));
  if (/^[^:]*:\/\/(\/|$)/.test(full)) throw new InvalidProxyURL(`proxy ${shown} has no host`);
  // WHATWG URL gives only "special" schemes a normal host, so the rest is read as http.
  const readable = full.replace(/^socks[45]?[ah]?:/i, "http:");
  if (!URL.canParse(readable)) throw new InvalidProxyURL(`proxy ${shown} is not a valid URL`);
  const url = new URL(readable);
  let protocol = /^[^:]*:/.exec(full)![0].toLowerCase();
  if (!PROTOCOLS.test(protocol)) {
    throw new InvalidProxyURL(`proxy ${shown}: the scheme must be http, https, socks4, socks4a, socks5 or socks5h`);
  }
  if (protocol === "socks:") protocol = "socks5h:";
  const explicit = /:(\d+)(?=$|[/?#])/.exec(full.slice(protocol.length + 2).replace(/^[^/?#]*@/, ""));
  const port = explicit ? Number(explicit[1]) : (DEFAULT_PORTS[protocol] ?? 1080);
  const hostname = url.hostname.replace(/^\[|\]$/g, "");
  return {
    protocol: protocol as ProxyTarget["protocol"],
    hostname,
    port,
    username: percentDecode(url.username),
    password: percentDecode(url.password),
    href: `${protocol}//${isIPv6(hostname) ? `[${hostname}]` : hostname}:${port}`,
  };
}

/** The proxies that the environment names, lower-case variables first. */
export function environmentProxies(env: Environment): { byScheme: Record<string, string>; noProxy: string } {
  const byScheme: Record<string, string> = Object.create(null);
  for (const scheme of ["http", "https", "all"]) {
    // A CGI script's HTTP_PROXY is the client's "Proxy:" header ("httpoxy", CVE-2016-5385).
    const upper =
      scheme === "http" && env.REQUEST_METHOD !== undefined ? undefined : env[`${scheme.toUpperCase()}_PROXY`];
    const value = env[`${scheme}_proxy`] ?? upper;
    if (value) byScheme[scheme] = value;
  }
  return { byScheme, noProxy: env.no_proxy ?? env.NO_PROXY ?? "" };
}

/** The proxy for a URL, in requests' order: `scheme://host`, `scheme`, `all://host`, `all`. */
export function selectProxy(
  url: ParsedUrl,
  proxies: Readonly<Record<string, string | URL | null | undefined>>,
): string | URL | null {
  const scheme = url.protocol.slice(0, -1);
  for (const key of [`${scheme}://${url.hostname}`, scheme, `all://${url.hostname}`, "all"]) {
    if (Object.hasOwn(proxies, key) && proxies[key] != null) return proxies[key] || null;
  }
  return null;
}

/** The proxy of one request from the option and, if it is trusted, the environment. */
export function resolveProxy(
  url: ParsedUrl,
  option: ProxiesOption | undefined,
  env: Environment | null,
): ProxyTarget | null {
  if (option === false) return null;
  if (typeof option === "string" || option instanceof URL) return option === "" ? null : parseProxy(option);
  if (option !== undefined && (typeof option !== "object" || option === null)) {
    throw invalidArgument("proxies", option, "a URL, a record of URLs, or false");
  }
  const fromEnvironment = env ? environmentProxies(env) : null;
  const own = option && Object.hasOwn(option, "no_proxy") ? option.no_proxy : undefined;
  const noProxy = own === undefined ? (fromEnvironment?.noProxy ?? "") : String(own ?? "");
  if (option) {
    const chosen = selectProxy(url, option);
    // As in requests: what is given in code is bypassed only by a no_proxy that is given in code.
    if (chosen && !(own !== undefined && shouldBypass(url, noProxy))) return parseProxy(chosen);
    if (chosen) return null;
  }
  if (!fromEnvironment || shouldBypass(url, noProxy)) return null;
  const chosen = selectProxy(url, fromEnvironment.byScheme);
  return chosen ? parseProxy(chosen) : null;
}

/**
 * Whether `no_proxy` names the URL's host: `*`, names with a label boundary (`example.com` also means its
 * subdomains), with an optional leading `.` or `*.` and an optional port, addresses, and CIDR blocks of either family.
 */
export function shouldBypass(url: Pick<ParsedUrl, "hostname" | "port">, noProxy: string): boolean {
  const host = normaliseHost(url.hostname);
  const family = isIP(host);
  for (const raw of noProxy.split(/[\s,]+/)) {
    if (raw === "") continue;
    if (raw === "*") return true;
    const { name, port } = splitPort(raw.toLowerCase());
    if (port !== null && port !== url.port) continue;
    if (family && name.includes("/")) {
      if (inBlock(host, family, name)) return true;
      continue;
    }
    const entry = normaliseHost(name.replace(/^\*?\./, ""));
    if (entry === "") continue;
    if (host === entry) return true;
    if (!family && !isIP(entry) && host.endsWith(`.${entry}`)) return true;
  }
  return false;
}

function normaliseHost(host: string): string {
  const bare = host
    .toLowerCase()
    .replace(/^\[|\]$/g, "")
    .replace(/\.$/, "");
  const mapped = /^::ffff:(?:([\d.]+)|([0-9a-f]{1,4}):([0-9a-f]{1,4}))$/.exec(bare);
  if (!mapped)
    return isIPv6(bare) ? new URL(`http://[${bare}]`).hostname.slice(1, -1).replace(/^::ffff:.*/, bare) : bare;
  if (mapped[1]) return mapped[1];
  const [high, low] = [Number.parseInt(mapped[2]!, 16), Number.parseInt(mapped[3]!, 16)];
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}

function splitPort(entry: string): { name: string; port: number | null } {
  const bracketed = /^(\[[^\]]*\])(?::(\d+))?$/.exec(entry);
  if (bracketed) return { name: bracketed[1]!.slice(1, -1), port: bracketed[2] ? Number(bracketed[2]) : null };
  const match = /^([^:]*):(\d+)$/.exec(entry);
  return match ? { name: match[1]!, port: Number(match[2]) } : { name: entry, port: null };
}

function inBlock(host: string, family: number, block: string): boolean {
  const [network = "", bits = ""] = block.replace(/^\[|\]/g, "").split("/");
  const prefix = Number(bits);
  if (!/^\d{1,3}$/.test(bits) || isIP(network) !== family || prefix > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  const type = isIPv4(network) ? "ipv4" : "ipv6";
  list.addSubnet(network, prefix, type);
  return list.check(host, type);
}
