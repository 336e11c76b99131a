/** A listening socket in one call. */
import { isIPv6 } from "node:net";
import type { BindAddress } from "./address.ts";
import { checkBoolean, checkOptions, typeError } from "./check.ts";
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  IPPROTO_IPV6,
  IPV6_V6ONLY,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SOCK_STREAM,
  SOL_SOCKET,
} from "./constants.ts";
import { Socket } from "./socket.ts";

/** What `createServer` takes. */
export interface ServerOptions {
  /** Connections that may wait in the kernel until they are accepted. Default 511; capped by the kernel. */
  backlog?: number;
  /** SO_REUSEPORT: several sockets, for example one per worker thread, share the port. Default false. */
  reusePort?: boolean;
  /** An IPv6 socket serves IPv4 peers too, as `::ffff:` addresses. Default false. */
  dualstack?: boolean;
}

/**
 * A stream socket that listens on a literal address: `{ port }` alone is the IPv4 wildcard (with `dualstack` the IPv6
 * one), `{ path }` a Unix socket. TCP addresses are reused after a restart (SO_REUSEADDR).
 * Throws SocketError (EADDRINUSE, EACCES …), TypeError or RangeError.
 */
export function createServer(address: BindAddress, options: ServerOptions = {}): Socket {
  checkOptions("options", options);
  if (typeof address !== "object" || address === null) throw typeError("address", "{ port } or { path }", address);
  const { backlog, reusePort = false, dualstack = false } = options;
  checkBoolean("reusePort", reusePort);
  checkBoolean("dualstack", dualstack);
  const family = "path" in address ? AF_UNIX : dualstack || isIPv6(String(address.address ?? "")) ? AF_INET6 : AF_INET;
  const socket = new Socket(family, SOCK_STREAM);
  try {
    if (family !== AF_UNIX) socket.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1);
    if (reusePort) socket.setsockopt(SOL_SOCKET, SO_REUSEPORT, 1);
    if (family === AF_INET6) socket.setsockopt(IPPROTO_IPV6, IPV6_V6ONLY, dualstack ? 0 : 1);
    socket.bind(address);
    socket.listen(backlog);
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}
