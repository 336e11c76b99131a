/** What people really set, with names and units; each is one setsockopt(2) or getsockopt(2). */

import type { Credentials } from "./ancillary.ts";
import { checkBoolean, checkInteger, checkOptions, checkString, rangeError } from "./check.ts";
import {
  AF_INET6,
  IP_TOS,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPV6_TCLASS,
  IPV6_V6ONLY,
  SO_BINDTODEVICE,
  SO_BROADCAST,
  SO_KEEPALIVE,
  SO_LINGER,
  SO_MARK,
  SO_PEERCRED,
  SO_PRIORITY,
  SO_RCVBUF,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SO_SNDBUF,
  SOL_SOCKET,
  TCP_FASTOPEN,
  TCP_INFO,
  TCP_KEEPALIVE,
  TCP_KEEPCNT,
  TCP_KEEPIDLE,
  TCP_KEEPINTVL,
  TCP_NODELAY,
  TCP_QUICKACK,
  TCP_USER_TIMEOUT,
} from "./constants.ts";
import type { Socket } from "./socket.ts";
import { decodeTcpInfo, TCP_INFO_SIZE, type TcpInfo } from "./tcp-info.ts";

/** Keep-alive probes, tcp(7). Times are milliseconds, rounded up to whole seconds by the kernel's unit. */
export interface KeepAlive {
  /** Silence before the first probe. */
  idle?: number;
  /** Time between probes. */
  interval?: number;
  /** Probes without an answer before the connection is given up; 1 to 127. */
  count?: number;
}

/** The part of a socket that options need. */
type Target = Pick<Socket, "family" | "setsockopt" | "getsockopt">;

const INT_MAX = 2 ** 31 - 1;
const SECOND = 1000;
/** IFNAMSIZ of netdevice(7), with its NUL. */
const INTERFACE_NAME = 16;

/**
 * The options of a socket by name: `socket.options.noDelay = true`. Reading asks the kernel. Each throws the
 * SocketError of setsockopt(2), UnsupportedError where the platform lacks the option, or TypeError and RangeError.
 */
export class SocketOptions {
  readonly #socket: Target;

  /** @internal */
  constructor(socket: Pick<Socket, "family" | "setsockopt" | "getsockopt">) {
    this.#socket = socket;
  }

  #flag(level: number, name: number): boolean {
    return this.#socket.getsockopt(level, name) !== 0;
  }

  #setFlag(label: string, level: number, name: number, value: boolean): void {
    checkBoolean(label, value);
    this.#socket.setsockopt(level, name, value ? 1 : 0);
  }

  #setNumber(label: string, level: number, name: number, value: number, min = 0, max = INT_MAX): void {
    this.#socket.setsockopt(level, name, checkInteger(label, value, min, max));
  }

  /** TCP_NODELAY: small segments leave at once, without Nagle's algorithm. Default false. */
  get noDelay(): boolean {
    return this.#flag(IPPROTO_TCP, TCP_NODELAY);
  }
  set noDelay(on: boolean) {
    this.#setFlag("noDelay", IPPROTO_TCP, TCP_NODELAY, on);
  }

  /** TCP_QUICKACK: acknowledge at once, until the kernel decides otherwise again. */
  get quickAck(): boolean {
    return this.#flag(IPPROTO_TCP, TCP_QUICKACK);
  }
  set quickAck(on: boolean) {
    this.#setFlag("quickAck", IPPROTO_TCP, TCP_QUICKACK, on);
  }

  /** TCP_USER_TIMEOUT: milliseconds that sent data may stay unacknowledged; 0 is the system's default. */
  get userTimeout(): number {
    return this.#socket.getsockopt(IPPROTO_TCP, TCP_USER_TIMEOUT);
  }
  set userTimeout(milliseconds: number) {
    this.#setNumber("userTimeout", IPPROTO_TCP, TCP_USER_TIMEOUT, milliseconds);
  }

  /** TCP_FASTOPEN on a listening socket: how many connections may send data with their SYN; RFC 7413. */
  get fastOpen(): number {
    return this.#socket.getsockopt(IPPROTO_TCP, TCP_FASTOPEN);
  }
  set fastOpen(queue: number) {
    this.#setNumber("fastOpen", IPPROTO_TCP, TCP_FASTOPEN, queue);
  }

  /** SO_KEEPALIVE with its times; `false` turns it off, `true` takes the system's times (two hours). */
  keepAlive(settings: KeepAlive | boolean): void {
    if (typeof settings !== "boolean") checkOptions("settings", settings);
    if (typeof settings === "object" && settings !== null) {
      const seconds = (label: string, value: number): number =>
        Math.ceil(checkInteger(label, value, 1, 32_767 * SECOND) / SECOND);
      const { idle, interval, count } = settings;
      // macOS has TCP_KEEPALIVE for what the others call TCP_KEEPIDLE.
      const idleName = TCP_KEEPIDLE === -1 ? TCP_KEEPALIVE : TCP_KEEPIDLE;
      if (idle !== undefined) this.#socket.setsockopt(IPPROTO_TCP, idleName, seconds("idle", idle));
      if (interval !== undefined) this.#socket.setsockopt(IPPROTO_TCP, TCP_KEEPINTVL, seconds("interval", interval));
      if (count !== undefined) this.#setNumber("count", IPPROTO_TCP, TCP_KEEPCNT, count, 1, 127);
    }
    this.#socket.setsockopt(SOL_SOCKET, SO_KEEPALIVE, settings === false ? 0 : 1);
  }

  /**
   * SO_LINGER in milliseconds: `null` is off (the default); 0 turns close into a reset; more lets close wait so long,
   * on a thread of its own, for what was sent to be acknowledged. The kernel counts whole seconds.
   */
  get linger(): number | null {
    const bytes = this.#socket.getsockopt(SOL_SOCKET, SO_LINGER, 8);
    const values = new Int32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + 8));
    return values[0] === 0 ? null : values[1]! * SECOND;
  }
  set linger(milliseconds: number | null) {
    const seconds =
      milliseconds === null ? 0 : Math.ceil(checkInteger("linger", milliseconds, 0, 32_767 * SECOND) / SECOND);
    const value = new Int32Array([milliseconds === null ? 0 : 1, seconds]);
    this.#socket.setsockopt(SOL_SOCKET, SO_LINGER, new Uint8Array(value.buffer));
  }

  /** SO_REUSEADDR: bind although old connections of the port are in TIME_WAIT. */
  get reuseAddress(): boolean {
    return this.#flag(SOL_SOCKET, SO_REUSEADDR);
  }
  set reuseAddress(on: boolean) {
    this.#setFlag("reuseAddress", SOL_SOCKET, SO_REUSEADDR, on);
  }

  /** SO_REUSEPORT: several sockets share a port, and the kernel spreads the load. */
  get reusePort(): boolean {
    return this.#flag(SOL_SOCKET, SO_REUSEPORT);
  }
  set reusePort(on: boolean) {
    this.#setFlag("reusePort", SOL_SOCKET, SO_REUSEPORT, on);
  }

  /** SO_BROADCAST: datagrams may go to broadcast addresses. */
  get broadcast(): boolean {
    return this.#flag(SOL_SOCKET, SO_BROADCAST);
  }
  set broadcast(on: boolean) {
    this.#setFlag("broadcast", SOL_SOCKET, SO_BROADCAST, on);
  }

  /** SO_RCVBUF in bytes. Linux doubles what is set, for its bookkeeping, and caps it at net.core.rmem_max. */
  get receiveBuffer(): number {
    return this.#socket.getsockopt(SOL_SOCKET, SO_RCVBUF);
  }
  set receiveBuffer(bytes: number) {
    this.#setNumber("receiveBuffer", SOL_SOCKET, SO_RCVBUF, bytes, 1);
  }

  /** SO_SNDBUF in bytes. Linux doubles what is set, for its bookkeeping, and caps it at net.core.wmem_max. */
  get sendBuffer(): number {
    return this.#socket.getsockopt(SOL_SOCKET, SO_SNDBUF);
  }
  set sendBuffer(bytes: number) {
    this.#setNumber("sendBuffer", SOL_SOCKET, SO_SNDBUF, bytes, 1);
  }

  /** IPV6_V6ONLY: an IPv6 socket refuses IPv4 peers. Before `bind`. */
  get ipv6Only(): boolean {
    return this.#flag(IPPROTO_IPV6, IPV6_V6ONLY);
  }
  set ipv6Only(on: boolean) {
    this.#setFlag("ipv6Only", IPPROTO_IPV6, IPV6_V6ONLY, on);
  }

  /** IP_TOS or IPV6_TCLASS: the octet of DSCP and ECN, 0 to 255. */
  get tos(): number {
    return this.#socket.family === AF_INET6
      ? this.#socket.getsockopt(IPPROTO_IPV6, IPV6_TCLASS)
      : this.#socket.getsockopt(IPPROTO_IP, IP_TOS);
  }
  set tos(octet: number) {
    if (this.#socket.family === AF_INET6) this.#setNumber("tos", IPPROTO_IPV6, IPV6_TCLASS, octet, 0, 255);
    else this.#setNumber("tos", IPPROTO_IP, IP_TOS, octet, 0, 255);
  }

  /** SO_PRIORITY: the queue on this machine, 0 to 6 without privilege. */
  get priority(): number {
    return this.#socket.getsockopt(SOL_SOCKET, SO_PRIORITY);
  }
  set priority(priority: number) {
    this.#setNumber("priority", SOL_SOCKET, SO_PRIORITY, priority);
  }

  /** SO_MARK: the mark of this socket's packets for routing and nftables. Needs CAP_NET_ADMIN. */
  get mark(): number {
    return this.#socket.getsockopt(SOL_SOCKET, SO_MARK);
  }
  set mark(mark: number) {
    this.#setNumber("mark", SOL_SOCKET, SO_MARK, mark, 0, 2 ** 32 - 1);
  }

  /** SO_BINDTODEVICE: only packets of this interface, such as `"eth0"`; `""` for all of them. */
  get bindToDevice(): string {
    return this.#socket
      .getsockopt(SOL_SOCKET, SO_BINDTODEVICE, INTERFACE_NAME)
      .toString("latin1")
      .replace(/\0.*$/s, "");
  }
  set bindToDevice(name: string) {
    const bytes = Buffer.from(`${checkString("bindToDevice", name)}\0`);
    if (bytes.length > INTERFACE_NAME) throw rangeError("bindToDevice", "at most 15 bytes long", name);
    this.#socket.setsockopt(SOL_SOCKET, SO_BINDTODEVICE, bytes);
  }

  /** TCP_INFO, decoded: state, round-trip time, retransmissions and so on. */
  tcpInfo(): TcpInfo {
    return decodeTcpInfo(this.#socket.getsockopt(IPPROTO_TCP, TCP_INFO, TCP_INFO_SIZE));
  }

  /** SO_PEERCRED: the process that connected a Unix socket, as it was then. */
  peerCredentials(): Credentials {
    const bytes = this.#socket.getsockopt(SOL_SOCKET, SO_PEERCRED, 12);
    const [pid = 0, uid = 0, gid = 0] = new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + 12));
    return { pid, uid, gid };
  }
}
