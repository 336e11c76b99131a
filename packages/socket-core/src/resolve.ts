/** Hosts to addresses, for the calls that connect. */
import { isIP } from "node:net";
import type { InetAddress } from "./address.ts";
import { checkInteger, checkString, rangeError, typeError, type WaitOptions } from "./check.ts";
import { AF_INET, AF_INET6, AF_UNSPEC, SOCK_STREAM } from "./constants.ts";
import { getaddrinfo } from "./names.ts";

/** A name or literal with a port, accepted where resolving may wait. */
export interface HostAddress {
  /** A name such as `"localhost"` or a literal. */
  host: string;
  /** 0 to 65535. */
  port: number;
}

/**
 * getaddrinfo(3) for the family: at least one address, in the system's order. Rejects with SocketError
 * (code ENOTFOUND and the like), TimeoutError or AbortError.
 */
export async function resolveAll(target: HostAddress, family: number, options?: WaitOptions): Promise<InetAddress[]> {
  if (typeof target !== "object" || target === null) throw typeError("address", "{ host, port }", target);
  const host = checkString("host", target.host);
  if (host === "") throw rangeError("host", "a name or an address", host);
  const port = checkInteger("port", target.port, 0, 65535);
  if (family !== AF_INET && family !== AF_INET6 && family !== AF_UNSPEC) {
    throw rangeError("family", "AF_INET or AF_INET6 to resolve a host", family);
  }
  if (isIP(host) !== 0) return [{ address: host, port }];
  // One socket type, or each address would come once for every type.
  const found = await getaddrinfo(host, null, { ...options, family, type: SOCK_STREAM });
  return found.map(({ address }) => ({ ...(address as InetAddress), port }));
}

/** The first address of the family. */
export async function resolveHost(target: HostAddress, family: number, options?: WaitOptions): Promise<InetAddress> {
  return (await resolveAll(target, family, options))[0]!;
}
