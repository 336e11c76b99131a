/** What this platform has, so that nobody needs to ask `process.platform`. */
import {
  AF_PACKET,
  AF_UNIX,
  MSG_ERRQUEUE,
  SO_ATTACH_FILTER,
  SO_BINDTODEVICE,
  SO_PEERCRED,
  SO_REUSEPORT,
  SOCK_SEQPACKET,
  TCP_FASTOPEN,
  TCP_INFO,
  TCP_USER_TIMEOUT,
  UDP_GRO,
  UDP_SEGMENT,
} from "./constants.ts";
import { supported } from "./native.ts";

/** Each is true where the calls that need it work; elsewhere they are an UnsupportedError. */
export interface Capabilities {
  /** Sockets at all. */
  readonly sockets: boolean;
  /** Unix sockets with names that are in no file system: `{ path: "\0name" }`. */
  readonly abstractNames: boolean;
  /** AF_UNIX × SOCK_SEQPACKET. */
  readonly sequencedPackets: boolean;
  /** AF_PACKET. */
  readonly packetSockets: boolean;
  /** `attachFilter`. */
  readonly filters: boolean;
  /** `trySendSegments`, and receiving what was put together; the kernel may still refuse. */
  readonly segmentation: boolean;
  readonly coalescing: boolean;
  /** `tryReceiveMany` and `trySendMany` are one system call for many datagrams; elsewhere they work one by one. */
  readonly batches: boolean;
  /** MSG_ERRQUEUE. */
  readonly errorQueue: boolean;
  /** `options.tcpInfo()`, `options.userTimeout`, `options.fastOpen`, `options.bindToDevice`. */
  readonly tcpInfo: boolean;
  readonly userTimeout: boolean;
  readonly fastOpen: boolean;
  readonly bindToDevice: boolean;
  /** `options.peerCredentials()`. */
  readonly peerCredentials: boolean;
  /** `options.reusePort`. */
  readonly reusePort: boolean;
}

const linux = supported && process.platform === "linux";

/** What this platform has. */
export const capabilities: Capabilities = {
  sockets: supported,
  abstractNames: linux && AF_UNIX !== -1,
  sequencedPackets: linux && SOCK_SEQPACKET !== -1,
  packetSockets: AF_PACKET !== -1,
  filters: SO_ATTACH_FILTER !== -1,
  segmentation: UDP_SEGMENT !== -1,
  coalescing: UDP_GRO !== -1,
  batches: linux,
  errorQueue: MSG_ERRQUEUE !== -1,
  tcpInfo: linux && TCP_INFO !== -1,
  userTimeout: TCP_USER_TIMEOUT !== -1,
  fastOpen: TCP_FASTOPEN !== -1,
  bindToDevice: SO_BINDTODEVICE !== -1,
  peerCredentials: SO_PEERCRED !== -1,
  reusePort: SO_REUSEPORT !== -1,
};
