/** Client connections. */
import {
  type Address,
  type BindAddress,
  createConnection,
  type HostAddress,
  IPPROTO_TCP,
  type Socket,
  TCP_NODELAY,
  type WaitOptions,
} from "@sockeye/socket-core";
import { checkStreamOptions, type StreamOptions } from "./byte-stream.ts";
import { checkOptions } from "./check.ts";
import { Connection } from "./connection.ts";
import { type ClientTlsOptions, checkTlsOptions } from "./tls-options.ts";

/** What `openConnection` takes. `timeout` and `signal` bound connecting and TLS, not what comes after. */
export interface OpenOptions extends StreamOptions, WaitOptions {
  /** The local address to connect from. Default: the kernel's choice. */
  source?: BindAddress;
  /** Speaks TLS from the start; `true` trusts whom Node.js trusts. Default false. */
  tls?: boolean | ClientTlsOptions;
}

/** Small writes leave at once: they are already put together per tick, and Nagle's algorithm would hold them back. */
export function prepare(socket: Socket, address: Address): void {
  if (!("path" in address)) socket.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1);
}

function peerOf(socket: Socket, address: HostAddress | Address): Address {
  if ("path" in address) return address;
  try {
    return socket.getpeername();
  } catch (error) {
    // ENOTCONN: the peer has reset it as soon as it stood. A read tells it by its name.
    socket.tryRecv(Buffer.alloc(1));
    throw error;
  }
}

/**
 * Connects to `{ host, port }` (a name or literal), `{ address, port }` or `{ path }` (a Unix socket).
 * Rejects with SocketError (ECONNREFUSED, ECONNRESET, ENOTFOUND …), TimeoutError, AbortError or TlsError.
 */
export async function openConnection(address: HostAddress | Address, options: OpenOptions = {}): Promise<Connection> {
  checkOptions("options", options);
  const streamOptions = checkStreamOptions(options);
  const { signal, timeout, source, tls = false } = options;
  if (typeof tls !== "boolean") checkTlsOptions("tls", tls, false);
  const begun = performance.now();
  const socket = await createConnection(address, { signal, timeout, ...(source === undefined ? {} : { source }) });
  let connection: Connection;
  try {
    const remote = peerOf(socket, address);
    prepare(socket, remote);
    connection = new Connection(socket, remote, streamOptions, hostOf(address));
  } catch (error) {
    socket.close();
    throw error;
  }
  if (tls !== false) {
    const left = typeof timeout !== "number" ? {} : { timeout: Math.max(1, timeout - (performance.now() - begun)) };
    await connection.startTls({ ...(tls === true ? {} : tls), ...left, ...(signal && { signal }) });
  }
  return connection;
}

/** The name that a server's certificate must be for. */
function hostOf(address: HostAddress | Address): { host?: string } {
  if ("path" in address) return {};
  return { host: "host" in address ? address.host : address.address };
}
