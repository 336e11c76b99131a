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
import { checkInteger, checkOptions } from "./check.ts";
import { Connection, type StreamOptions } from "./connection.ts";
import { DEFAULT_LIMIT, MAX_LENGTH } from "./reader.ts";

/** What `openConnection` takes. `timeout` and `signal` bound the connecting, not what comes after. */
export interface OpenOptions extends StreamOptions, WaitOptions {
  /** The local address to connect from. Default: the kernel's choice. */
  source?: BindAddress;
}

/** Small writes leave at once: they are already put together per tick, and Nagle's algorithm would hold them back. */
export function prepare(socket: Socket, address: Address): void {
  if (!("path" in address)) socket.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1);
}

export function checkStreamOptions({ limit = DEFAULT_LIMIT }: StreamOptions): StreamOptions {
  return { limit: checkInteger("limit", limit, 1, MAX_LENGTH) };
}

/**
 * Connects to `{ host, port }` (a name or literal), `{ address, port }` or `{ path }` (a Unix socket).
 * Rejects with SocketError (ECONNREFUSED, ENOTFOUND …), TimeoutError or AbortError.
 */
export async function openConnection(address: HostAddress | Address, options: OpenOptions = {}): Promise<Connection> {
  checkOptions("options", options);
  const streamOptions = checkStreamOptions(options);
  const { signal, timeout, source } = options;
  const socket = await createConnection(address, { signal, timeout, ...(source === undefined ? {} : { source }) });
  try {
    const remote = "path" in address ? address : socket.getpeername();
    prepare(socket, remote);
    return new Connection(socket, remote, streamOptions);
  } catch (error) {
    socket.close();
    throw error;
  }
}
