import { isIPv6, type Socket } from "node:net";
import { basicCredentials } from "./auth/basic.ts";
import { ProxyError } from "./errors.ts";
import { Handshake } from "./handshake.ts";
import type { ProxyTarget } from "./proxies.ts";

const MAX_HEAD = 16_384;

/** The value of Proxy-Authorization for a proxy whose URL has credentials, else null. */
export function proxyAuthorization(proxy: ProxyTarget): string | null {
  return proxy.username === "" && proxy.password === "" ? null : basicCredentials(proxy.username, proxy.password);
}

/** Asks an HTTP proxy for a tunnel (RFC 9110, section 9.3.6). Throws ProxyError when it refuses. */
export async function openTunnel(socket: Socket, proxy: ProxyTarget, hostname: string, port: number): Promise<void> {
  const authority = `${isIPv6(hostname) ? `[${hostname}]` : hostname}:${port}`;
  const authorization = proxyAuthorization(proxy);
  const handshake = new Handshake(socket);
  handshake.write(
    `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${authorization ? `Proxy-Authorization: ${authorization}\r\n` : ""}\r\n`,
  );
  const head = (await handshake.until("\r\n\r\n", MAX_HEAD)).toString("latin1");
  const match = /^HTTP\/1\.[01] (\d{3})(?: ([^\r\n]*))?\r\n/.exec(head);
  if (!match) throw new ProxyError(`proxy ${proxy.href} did not answer CONNECT in HTTP`);
  if (!match[1]!.startsWith("2")) {
    const code = match[1] === "407" ? "ERR_HTTP_PROXY_AUTHENTICATION" : "ERR_HTTP_PROXY";
    throw new ProxyError(
      `proxy ${proxy.href} refused the tunnel to ${authority}: ${match[1]} ${match[2] ?? ""}`.trimEnd(),
      { code },
    );
  }
  handshake.end();
}
