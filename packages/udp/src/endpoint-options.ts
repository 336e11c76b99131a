/** Options of endpoints: what they are, and how the kernel hears of them. */
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  capabilities,
  IP_PKTINFO,
  IP_RECVERR,
  IP_RECVTOS,
  IP_RECVTTL,
  IP_TOS,
  IP_TTL,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_RECVERR,
  IPV6_RECVHOPLIMIT,
  IPV6_RECVPKTINFO,
  IPV6_RECVTCLASS,
  IPV6_TCLASS,
  IPV6_UNICAST_HOPS,
  IPV6_V6ONLY,
  MAX_BATCH,
  SO_TIMESTAMPNS,
  SOL_SOCKET,
  SOL_UDP,
  type Socket,
  UDP_GRO,
} from "@sockeye/socket-core";
import { checkBoolean, checkInteger, checkOptions, rangeError } from "./check.ts";
import type { EndpointSettings } from "./settings.ts";

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
  /** SO_RCVBUF in bytes: what the kernel keeps for a reader that is late. Default: the system's. */
  receiveBuffer?: number;
  /** SO_SNDBUF in bytes. Default: the system's. */
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
  /** Each datagram tells its destination, interface and TTL (hop limit). Default false. */
  packetInfo?: boolean;
  /** Each datagram tells its ECN bits. Default false. */
  ecn?: boolean;
  /** The kernel keeps what went wrong with datagrams, and whose it was, for `errors()`. Default false. Linux only. */
  errorQueue?: boolean;
  /** The longest datagram that is received whole, in bytes. Default 65,535, the longest there is; so with `coalescing`. */
  maxDatagramSize?: number;
  /** How many datagrams one call of the kernel receives: 1 to 64. Default 32. */
  batchSize?: number;
  /** How many sends may wait for room before the next one is a BusyError. Default 1,024. */
  maxQueuedSends?: number;
}

const DEFAULT_BATCH = 32;
const MAX_SIZE = 65_535;
const MAX_QUEUED_SENDS = 1_024;

export function checkEndpointOptions(options: EndpointOptions): void {
  checkOptions("options", options);
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
  if (options.tos !== undefined) checkInteger("tos", options.tos, 0, 255);
  if (options.dualstack && family === 4) throw rangeError("family", "6 for a dual-stack endpoint", family);
  const size = options.maxDatagramSize;
  if (options.coalescing && size !== undefined && size !== MAX_SIZE) {
    // What the kernel puts together fills the room of the longest datagram; in less it would be cut.
    throw rangeError("maxDatagramSize", "65535 with coalescing", size);
  }
}

/** What the endpoint itself needs to know of them. */
export function settingsOf(socket: Socket, options: EndpointOptions, connected: boolean): EndpointSettings {
  const inet = socket.family !== AF_UNIX;
  return {
    batchSize: checkInteger("batchSize", options.batchSize ?? DEFAULT_BATCH, 1, MAX_BATCH),
    maxDatagramSize: checkInteger("maxDatagramSize", options.maxDatagramSize ?? MAX_SIZE, 1, MAX_SIZE),
    maxQueuedSends: checkInteger("maxQueuedSends", options.maxQueuedSends ?? MAX_QUEUED_SENDS, 1, 2 ** 31 - 1),
    segmentation: inet && capabilities.segmentation && options.segmentation !== "off",
    coalescing: inet && capabilities.coalescing && options.coalescing === true,
    metadata: Boolean(options.packetInfo || options.ecn || options.timestamps),
    errorQueue: inet && options.errorQueue === true,
    connected,
  };
}

/** Sets what must be set before the address is bound. */
export function prepare(socket: Socket, options: EndpointOptions): void {
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
  const set = (v4Name: number, v6Name: number, value: number): void => {
    if (v6) socket.setsockopt(IPPROTO_IPV6, v6Name, value);
    // Towards IPv4 peers a dual-stack socket goes by the IPv4 options.
    if (!v6 || options.dualstack) socket.setsockopt(IPPROTO_IP, v4Name, value);
  };
  const ask = (v4Name: number, v6Name: number): void => set(v4Name, v6Name, 1);
  if (options.tos !== undefined) set(IP_TOS, IPV6_TCLASS, options.tos);
  if (options.ttl !== undefined) set(IP_TTL, IPV6_UNICAST_HOPS, options.ttl);
  if (options.packetInfo) {
    ask(IP_PKTINFO, IPV6_RECVPKTINFO);
    ask(IP_RECVTTL, IPV6_RECVHOPLIMIT);
  }
  if (options.ecn) ask(IP_RECVTOS, IPV6_RECVTCLASS);
  if (options.errorQueue) ask(IP_RECVERR, IPV6_RECVERR);
  if (options.coalescing && capabilities.coalescing) socket.setsockopt(SOL_UDP, UDP_GRO, 1);
}
