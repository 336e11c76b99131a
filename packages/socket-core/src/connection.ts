/** A connected stream socket in one call. */
import { isIPv6 } from "node:net";
import type { Address, BindAddress, UnixAddress } from "./address.ts";
import { checkOptions, checkSignal, checkTimeout, typeError, type WaitOptions } from "./check.ts";
import { AF_INET, AF_INET6, AF_UNIX, AF_UNSPEC, SOCK_STREAM } from "./constants.ts";
import { TimeoutError } from "./errors.ts";
import { type HostAddress, resolveAll } from "./resolve.ts";
import { Socket } from "./socket.ts";

/** What `createConnection` takes. */
export interface ConnectionOptions extends WaitOptions {
  /** The local address to connect from. Default: the kernel's choice. */
  source?: BindAddress;
}

async function attempt(
  family: number,
  address: Address,
  options: ConnectionOptions,
  timeout: number | null,
): Promise<Socket> {
  const socket = new Socket(family, SOCK_STREAM);
  try {
    if (options.source !== undefined) socket.bind(options.source);
    await socket.connect(address, { signal: options.signal, timeout });
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}

/**
 * Connects to a name, a literal or a Unix path. The addresses of a name are tried in the system's order; `timeout`
 * bounds the whole. Rejects with the SocketError of the last address, TimeoutError or AbortError, and leaves nothing open.
 */
export async function createConnection(
  address: HostAddress | Address,
  options: ConnectionOptions = {},
): Promise<Socket> {
  checkOptions("options", options);
  checkSignal(options.signal);
  const timeout = checkTimeout("timeout", options.timeout);
  if (typeof address !== "object" || address === null) {
    throw typeError("address", "{ host, port }, { address, port } or { path }", address);
  }
  if ("path" in address) return attempt(AF_UNIX, address satisfies UnixAddress, options, timeout);
  const deadline = timeout === null ? null : performance.now() + timeout;
  const candidates =
    "host" in address ? await resolveAll(address, AF_UNSPEC, { signal: options.signal, timeout }) : [address];
  let last: unknown;
  for (const candidate of candidates) {
    const left = deadline === null ? null : deadline - performance.now();
    if (left !== null && left <= 0) throw last ?? new TimeoutError("connect", timeout ?? 0);
    try {
      return await attempt(isIPv6(candidate.address) ? AF_INET6 : AF_INET, candidate, options, left);
    } catch (error) {
      if (options.signal?.aborted) throw error;
      last = error;
    }
  }
  throw last;
}
