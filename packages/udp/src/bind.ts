/** Making endpoints. */
import {
  type Address,
  AF_INET,
  AF_INET6,
  AF_UNIX,
  type BindAddress,
  capabilities,
  getaddrinfo,
  type HostAddress,
  IP_PKTINFO,
  IP_RECVERR,
  IP_RECVTOS,
  IP_RECVTTL,
  IP_TTL,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_RECVERR,
  IPV6_RECVHOPLIMIT,
  IPV6_RECVPKTINFO,
  IPV6_RECVTCLASS,
  IPV6_UNICAST_HOPS,
  IPV6_V6ONLY,
  MAX_BATCH,
  SO_TIMESTAMPNS,
  SOCK_DGRAM,
  SOL_SOCKET,
  SOL_UDP,
  Socket,
  UDP_GRO,
  type WaitOptions,
} from "@sockeye/socket-core";
import { checkBoolean, checkInteger, rangeError, typeError } from "./check.ts";
import { Endpoint } from "./endpoint.ts";

/** What `bind` and `connect` take. */
export interface EndpointOptions {
  /** 4 or 6. Default: that of the address; without one 4. */
  family?: 4 | 6;
  /** An IPv6 endpoint serves IPv4 peers too. Default false. */
  dualstack?: boolean;
  /** SO_REUSEADDR: for multicast, several endpoints on one port. Default false. */
  reuseAddress?: boolean;
  /** SO_REUSEPORT: several endpoints share the port, and the kernel spreads the peers. Default false. */
  reusePort?: boolean;
  /** SO_RCVBUF and SO_SNDBUF in bytes. Default: the system's. */
  receiveBuffer?: number;
  sendBuffer?: number;
  /** Datagrams may go to broadcast addresses. Default false. */
  broadcast?: boolean;
  /** How many routers a datagram may pass, plus one: 1 to 255. Default: the system's, usually 64. */
  ttl?: number;
  /** DSCP and ECN of what is sent: 0 to 255. Default 0. */
  tos?: number;
  /** Only this interface, such as `"eth0"`. Default: all of them. */
  interface?: string;
  /** `"off"` never asks the kernel to segment. Default `"auto"`. */
  segmentation?: "auto" | "off";
  /** Receive what the kernel can put together (GRO) as one, and split it here. Default false. */
  coalescing?: boolean;
  /** Each datagram tells when the kernel received it. Default false. */
  timestamps?: boolean;
  /** Each datagram tells its destination, interface and TTL. Default false. */
  packetInfo?: boolean;
  /** Each datagram tells its ECN bits. Default false. */
  ecn?: boolean;
  /** The kernel keeps what went wrong for `errors()`. Default false. Linux only. */
  errorQueue?: boolean;
  /** The longest datagram that is received whole, in bytes. Default 65,535, the longest there is. */
  maxDatagramSize?: number;
  /** How many datagrams one call of the kernel receives: 1 to 64. Default 32. */
  batchSize?: number;
}

const DEFAULT_BATCH = 32;
const MAX_SIZE = 65_535;

function checkOptions(options: EndpointOptions): void {
  if (typeof options !== "object" || options === null) throw typeError("options", "an object", options);
  const { family, segmentation } = options;
  if (family !== undefined && family !== 4 && family !== 6) throw rangeError("family", "4 or 6", family);
  if (segmentation !== undefined && segmentation !== "auto" && segmentation !== "off") {
    throw rangeError("segmentation", '"auto" or "off"', segmentation);
  }
  for (const name of [
    "dualstack",
    "reuseAddress",
    "reusePort",
    "broadcast",
    "coalescing",
    "timestamps",
    "packetInfo",
    "ecn",
    "errorQueue",
  ] as const) {
    if (options[name] !== undefined) checkBoolean(name, options[name]);
  }
  if (options.ttl !== undefined) checkInteger("ttl", options.ttl, 1, 255);
}

/** Sets what must be set before the address is bound. */
function prepare(socket: Socket, options: EndpointOptions): void {
  const { options: named, family } = socket;
  const v6 = family === AF_INET6;
  const inet = v6 || family === AF_INET;
  if (options.reuseAddress) named.reuseAddress = true;
  if (options.reusePort) named.reusePort = true;
  if (options.receiveBuffer !== undefined) named.receiveBuffer = options.receiveBuffer;
  if (options.sendBuffer !== undefined) named.sendBuffer = options.sendBuffer;
  if (options.timestamps) socket.setsockopt(SOL_SOCKET, SO_TIMESTAMPNS, 1);
  if (!inet) return;
  if (v6) socket.setsockopt(IPPROTO_IPV6, IPV6_V6ONLY, options.dualstack ? 0 : 1);
  if (options.broadcast) named.broadcast = true;
  if (options.interface !== undefined) named.bindToDevice = options.interface;
  if (options.tos !== undefined) named.tos = options.tos;
  if (options.ttl !== undefined) {
    if (v6) socket.setsockopt(IPPROTO_IPV6, IPV6_UNICAST_HOPS, options.ttl);
    else socket.setsockopt(IPPROTO_IP, IP_TTL, options.ttl);
  }
  const ask = (v4Name: number, v6Name: number): void => {
    if (v6) socket.setsockopt(IPPROTO_IPV6, v6Name, 1);
    // A dual-stack socket gets the IPv4 kind for IPv4 peers.
    if (!v6 || options.dualstack) socket.setsockopt(IPPROTO_IP, v4Name, 1);
  };
  if (options.packetInfo) {
    ask(IP_PKTINFO, IPV6_RECVPKTINFO);
    ask(IP_RECVTTL, IPV6_RECVHOPLIMIT);
  }
  if (options.ecn) ask(IP_RECVTOS, IPV6_RECVTCLASS);
  if (options.errorQueue) ask(IP_RECVERR, IPV6_RECVERR);
  if (options.coalescing && capabilities.coalescing) socket.setsockopt(SOL_UDP, UDP_GRO, 1);
}

function endpoint(socket: Socket, options: EndpointOptions, connected: boolean): Endpoint {
  const inet = socket.family !== AF_UNIX;
  return new Endpoint(socket, {
    batchSize: checkInteger("batchSize", options.batchSize ?? DEFAULT_BATCH, 1, MAX_BATCH),
    maxDatagramSize: checkInteger("maxDatagramSize", options.maxDatagramSize ?? MAX_SIZE, 1, MAX_SIZE),
    segmentation: inet && capabilities.segmentation && options.segmentation !== "off",
    coalescing: inet && capabilities.coalescing && options.coalescing === true,
    metadata: Boolean(options.packetInfo || options.ecn || options.timestamps),
    connected,
  });
}

function familyOf(address: { address?: string; path?: string }, options: EndpointOptions): number {
  if (address.path !== undefined) return AF_UNIX;
  if (options.family !== undefined) return options.family === 6 ? AF_INET6 : AF_INET;
  return options.dualstack || address.address?.includes(":") ? AF_INET6 : AF_INET;
}

/**
 * An endpoint on a literal address: `{ port }` for every interface, `{ address, port }`, or `{ path }` for a Unix
 * socket; port 0 lets the kernel choose. Rejects with SocketError (EADDRINUSE, EACCES …), TypeError or RangeError.
 */
export async function bind(address: BindAddress, options: EndpointOptions = {}): Promise<Endpoint> {
  checkOptions(options);
  if (typeof address !== "object" || address === null) throw typeError("address", "{ port } or { path }", address);
  const socket = new Socket(familyOf(address, options), SOCK_DGRAM);
  try {
    prepare(socket, options);
    socket.bind(address);
    return endpoint(socket, options, false);
  } catch (error) {
    socket.close();
    throw error;
  }
}

/**
 * An endpoint with one peer: `send` needs no address, others' datagrams do not arrive, and ICMP errors reject.
 * `{ host, port }` is resolved, `{ address, port }` is a literal, `{ path }` a Unix socket. `source` is our address.
 * Rejects with SocketError, TimeoutError or AbortError.
 */
export async function connect(
  address: HostAddress | Address,
  options: EndpointOptions & WaitOptions & { source?: BindAddress } = {},
): Promise<Endpoint> {
  checkOptions(options);
  if (typeof address !== "object" || address === null) {
    throw typeError("address", "{ host, port }, { address, port } or { path }", address);
  }
  const { signal, timeout, source } = options;
  let target: Address = address as Address;
  if ("host" in address) {
    const family = options.family === undefined ? 0 : options.family === 6 ? AF_INET6 : AF_INET;
    const found = await getaddrinfo(address.host, address.port, { family, type: SOCK_DGRAM, signal, timeout });
    target = found[0]!.address;
  }
  const socket = new Socket(familyOf(target as { address?: string; path?: string }, options), SOCK_DGRAM);
  try {
    prepare(socket, options);
    if (source !== undefined) socket.bind(source);
    await socket.connect(target);
    return endpoint(socket, options, true);
  } catch (error) {
    socket.close();
    throw error;
  }
}
