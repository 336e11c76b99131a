import { type LookupAddress, lookup } from "node:dns";
import { isIP, isIPv4, type Socket } from "node:net";
import { guardedLookup } from "./addresses.ts";
import { ProxyError } from "./errors.ts";
import { Handshake } from "./handshake.ts";
import type { ProxyTarget } from "./proxies.ts";

const SOCKS5_ERRORS = [
  "",
  "general failure",
  "not allowed by its rules",
  "network unreachable",
  "host unreachable",
  "connection refused",
  "time to live expired",
  "command not supported",
  "address type not supported",
];

type Guard = (address: string, family: 4 | 6) => boolean;

/**
 * Asks a SOCKS proxy for a connection: SOCKS4, SOCKS4A, or SOCKS5 (RFC 1928) with RFC 1929 credentials. As in curl
 * and requests, `socks4:` and `socks5:` resolve names here, `socks4a:` and `socks5h:` leave them to the proxy.
 */
export async function openSocks(
  socket: Socket,
  proxy: ProxyTarget,
  hostname: string,
  port: number,
  guard: Guard | null,
): Promise<void> {
  const remote = proxy.protocol === "socks5h:" || proxy.protocol === "socks4a:";
  const handshake = new Handshake(socket);
  if (proxy.protocol.startsWith("socks5")) {
    const host = remote ? hostname : await resolve(hostname, 0, guard);
    await socks5(handshake, proxy, host, port);
  } else {
    const host = remote ? hostname : await resolve(hostname, 4, guard);
    await socks4(handshake, proxy, host, port);
  }
  handshake.end();
}

function resolve(hostname: string, family: 0 | 4, guard: Guard | null): Promise<string> {
  if (isIP(hostname)) return Promise.resolve(hostname);
  return new Promise((fulfil, reject) => {
    const done = (error: Error | null, addresses: LookupAddress[] | string): void => {
      if (error) reject(error);
      else fulfil(typeof addresses === "string" ? addresses : addresses[0]!.address);
    };
    if (guard) guardedLookup(guard)(hostname, { family, all: true }, done);
    else lookup(hostname, { family, all: true }, done);
  });
}

async function socks5(handshake: Handshake, proxy: ProxyTarget, host: string, port: number): Promise<void> {
  const withPassword = proxy.username !== "" || proxy.password !== "";
  handshake.write(Buffer.from(withPassword ? [5, 2, 0, 2] : [5, 1, 0]));
  const [version, method] = await handshake.exactly(2);
  if (version !== 5) throw new ProxyError(`proxy ${proxy.href} does not speak SOCKS5`);
  if (method === 2 && withPassword) {
    handshake.write(
      Buffer.concat([Buffer.from([1]), counted(proxy.username, "user name"), counted(proxy.password, "password")]),
    );
    const [, status] = await handshake.exactly(2);
    if (status !== 0)
      throw new ProxyError(`proxy ${proxy.href} refused the user name or password`, {
        code: "ERR_HTTP_PROXY_AUTHENTICATION",
      });
  } else if (method !== 0) {
    throw new ProxyError(`proxy ${proxy.href} asks for authentication`, { code: "ERR_HTTP_PROXY_AUTHENTICATION" });
  }
  handshake.write(Buffer.concat([Buffer.from([5, 1, 0]), socks5Address(host), Buffer.from([port >> 8, port & 255])]));
  const [, reply = 0xff, , type] = await handshake.exactly(4);
  if (reply !== 0)
    throw new ProxyError(
      `proxy ${proxy.href} could not connect to ${host}: ${SOCKS5_ERRORS[reply] ?? `error ${reply}`}`,
    );
  const length = type === 1 ? 4 : type === 4 ? 16 : (await handshake.exactly(1))[0]!;
  await handshake.exactly(length + 2);
}

function socks5Address(host: string): Buffer {
  const family = isIP(host);
  if (family === 4) return Buffer.from([1, ...ipv4Bytes(host)]);
  if (family === 6) return Buffer.concat([Buffer.from([4]), ipv6Bytes(host)]);
  return Buffer.concat([Buffer.from([3]), counted(host, "host name")]);
}

function counted(text: string, what: string): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length === 0 || bytes.length > 255)
    throw new ProxyError(`the ${what} for SOCKS5 must have 1 to 255 bytes; it has ${bytes.length}`);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

async function socks4(handshake: Handshake, proxy: ProxyTarget, host: string, port: number): Promise<void> {
  if (/\0/.test(proxy.username + host)) throw new ProxyError("a SOCKS4 user or host must not hold NUL");
  const literal = isIPv4(host);
  const request = [
    Buffer.from([4, 1, port >> 8, port & 255, ...(literal ? ipv4Bytes(host) : [0, 0, 0, 1])]),
    Buffer.from(`${proxy.username}\0`),
  ];
  if (!literal) request.push(Buffer.from(`${host}\0`));
  handshake.write(Buffer.concat(request));
  const [, reply] = await handshake.exactly(8);
  if (reply !== 0x5a)
    throw new ProxyError(`proxy ${proxy.href} refused the connection to ${host}: SOCKS4 code ${reply}`);
}

function ipv4Bytes(address: string): number[] {
  return address.split(".").map(Number);
}

function ipv6Bytes(address: string): Buffer {
  const canonical = new URL(`http://[${address.replace(/%.*$/, "")}]/`).hostname.slice(1, -1);
  const [head = "", tail = ""] = canonical.split("::");
  const words = (text: string): number[] =>
    text === "" ? [] : text.split(":").map((word) => Number.parseInt(word, 16));
  const left = words(head);
  const right = words(tail);
  const all = [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
  return Buffer.from(all.flatMap((word) => [word >> 8, word & 255]));
}
