/** Making endpoints. */
import {
  type Address,
  AF_INET,
  AF_INET6,
  AF_UNIX,
  type BindAddress,
  getaddrinfo,
  type HostAddress,
  SOCK_DGRAM,
  Socket,
  SocketError,
  type WaitOptions,
} from "@sockeye/socket-core";
import { typeError } from "./check.ts";
import { Endpoint } from "./endpoint.ts";
import { checkEndpointOptions, type EndpointOptions, prepare } from "./endpoint-options.ts";

/** What `connect` takes. The timeout bounds resolving a name; nothing else waits. */
export interface ConnectOptions extends EndpointOptions, WaitOptions {
  /** Our address. Default: the kernel chooses. */
  source?: BindAddress;
}

function familyOf(address: object, options: EndpointOptions): number {
  if ("path" in address) return AF_UNIX;
  if (options.family !== undefined) return options.family === 6 ? AF_INET6 : AF_INET;
  const literal = (address as { address?: unknown }).address;
  return options.dualstack || (typeof literal === "string" && literal.includes(":")) ? AF_INET6 : AF_INET;
}

/** Opens a socket, or leaves nothing open. */
async function open(
  address: BindAddress | Address,
  options: EndpointOptions,
  connected: boolean,
  begin: (socket: Socket) => unknown,
): Promise<Endpoint> {
  const socket = new Socket(familyOf(address, options), SOCK_DGRAM);
  try {
    const endpoint = new Endpoint(socket, options, connected);
    prepare(socket, options);
    await begin(socket);
    return endpoint;
  } catch (error) {
    socket.close();
    throw error;
  }
}

/**
 * An endpoint on a literal address: `{ port }` for every interface, `{ address, port }`, or `{ path }` for a Unix
 * socket, whose file stays when it is closed; port 0 lets the kernel choose. Rejects with SocketError (EADDRINUSE,
 * EACCES …), TypeError or RangeError.
 */
export async function bind(address: BindAddress, options: EndpointOptions = {}): Promise<Endpoint> {
  checkEndpointOptions(options);
  if (typeof address !== "object" || address === null) throw typeError("address", "{ port } or { path }", address);
  return open(address, options, false, (socket) => socket.bind(address));
}

/**
 * An endpoint with one peer: `send` needs no address, others' datagrams do not arrive, and ICMP errors reject.
 * `{ host, port }` is resolved, `{ address, port }` is a literal, `{ path }` a Unix socket. Of several addresses of a
 * name the first is taken to which there is a route. Rejects with SocketError, TimeoutError or AbortError.
 */
export async function connect(address: HostAddress | Address, options: ConnectOptions = {}): Promise<Endpoint> {
  checkEndpointOptions(options);
  if (typeof address !== "object" || address === null) {
    throw typeError("address", "{ host, port }, { address, port } or { path }", address);
  }
  let failure: unknown;
  for (const target of await targetsOf(address, options)) {
    try {
      return await open(target, options, true, async (socket) => {
        if (options.source !== undefined) socket.bind(options.source);
        await socket.connect(target);
      });
    } catch (error) {
      failure ??= error;
      if (!(error instanceof SocketError)) break;
    }
  }
  throw failure;
}

async function targetsOf(address: HostAddress | Address, options: ConnectOptions): Promise<Address[]> {
  if (!("host" in address)) return [address];
  const { signal, timeout, source } = options;
  const family =
    options.family === undefined && source === undefined ? 0 : familyOf(source ?? {}, { ...options, dualstack: false });
  const found = await getaddrinfo(address.host, address.port, { family, type: SOCK_DGRAM, signal, timeout });
  return found.map((entry) => entry.address);
}
