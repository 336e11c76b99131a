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

/** What `openConnection` takes. `timeout` and `signal` bound the connecting, not what comes after. */
export interface OpenOptions extends StreamOptions, WaitOptions {
  /** The local address to connect from. Default: the kernel's choice. */
  source?: BindAddress;
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
 * Rejects with SocketError (ECONNREFUSED, ECONNRESET, ENOTFOUND …), TimeoutError or AbortError.
 */
export async function openConnection(address: HostAddress | Address, options: OpenOptions = {}): Promise<Connection> {
  checkOptions("options", options);
  const streamOptions = checkStreamOptions(options);
  const { signal, timeout, source } = options;
  const socket = await createConnection(address, { signal, timeout, ...(source === undefined ? {} : { source }) });
  try {
    const remote = peerOf(socket, address);
    prepare(socket, remote);
    return new Connection(socket, remote, streamOptions);
  } catch (error) {
    socket.close();
    throw error;
  }
}
