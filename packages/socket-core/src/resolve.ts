/** Names to addresses, off the loop's thread. */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { InetAddress } from "./address.ts";
import { checkInteger, checkString, rangeError, typeError, type WaitOptions } from "./check.ts";
import { AF_INET, AF_INET6, AF_UNSPEC } from "./constants.ts";
import { AbortError, SocketError, TimeoutError } from "./errors.ts";

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
  const signal = options?.signal;
  if (signal?.aborted) throw new AbortError("getaddrinfo", signal.reason);
  const looked = lookup(host, {
    all: true,
    family: family === AF_INET ? 4 : family === AF_INET6 ? 6 : 0,
    verbatim: true,
  });
  const addresses = await bounded(looked, signal, options?.timeout ?? null).catch((error: NodeJS.ErrnoException) => {
    if (error instanceof SocketError) throw error;
    throw new SocketError(`getaddrinfo ${error.code} ${host}: the name does not resolve`, {
      code: error.code ?? "EAI_FAIL",
      syscall: "getaddrinfo",
      address: host,
      port,
      cause: error,
    });
  });
  return addresses.map(({ address }) => ({ address, port }));
}

/** The first address of the family. */
export async function resolveHost(target: HostAddress, family: number, options?: WaitOptions): Promise<InetAddress> {
  return (await resolveAll(target, family, options))[0]!;
}

/** getaddrinfo cannot be cancelled: the wait ends, and the late answer is dropped. */
function bounded<T>(promise: Promise<T>, signal: AbortSignal | undefined, timeout: number | null): Promise<T> {
  if (signal === undefined && timeout === null) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(new AbortError("getaddrinfo", signal?.reason));
    const onTime = (): void => reject(new TimeoutError("getaddrinfo", timeout ?? 0));
    const timer = timeout === null ? undefined : setTimeout(onTime, timeout);
    signal?.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    });
  });
}
