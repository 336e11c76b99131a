/** Groups of an endpoint: joining, leaving, and how datagrams to a group leave; ip(7), ipv6(7). */
import {
  AF_INET6,
  IP_MULTICAST_IF,
  IP_MULTICAST_LOOP,
  IP_MULTICAST_TTL,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_MULTICAST_HOPS,
  IPV6_MULTICAST_IF,
  IPV6_MULTICAST_LOOP,
  type Socket,
} from "@sockeye/socket-core";
import { checkBoolean, checkInteger } from "./check.ts";
import { interfaceNumber, type Membership, membership, sourceMembership } from "./multicast.ts";

/** The multicast side of an endpoint. Interfaces are names or numbers; without one the kernel chooses. */
export class Multicast {
  readonly #socket: Socket;

  /** @internal */
  constructor(socket: Socket) {
    this.#socket = socket;
  }

  #set({ level, name, value }: Membership): void {
    this.#socket.setsockopt(level, name, value);
  }

  /** Receives what anybody sends to the group. Throws SocketError (EADDRINUSE when joined already), RangeError. */
  join(group: string, on?: string | number): void {
    this.#set(membership(this.#socket.family, true, group, on));
  }

  /** Ends that. Throws SocketError: EADDRNOTAVAIL when not joined. */
  leave(group: string, on?: string | number): void {
    this.#set(membership(this.#socket.family, false, group, on));
  }

  /** Receives what one source sends to the group: source-specific multicast, RFC 4607. Throws as `join` does. */
  joinSource(group: string, source: string, on?: string | number): void {
    this.#set(sourceMembership(this.#socket.family, true, group, source, on));
  }

  /** Ends that. Throws as `leave` does. */
  leaveSource(group: string, source: string, on?: string | number): void {
    this.#set(sourceMembership(this.#socket.family, false, group, source, on));
  }

  /** The interface on which datagrams to groups leave; 0 lets the kernel choose. Throws SocketError, RangeError. */
  setInterface(on: string | number): void {
    const index = interfaceNumber(on);
    if (this.#socket.family === AF_INET6) {
      this.#socket.setsockopt(IPPROTO_IPV6, IPV6_MULTICAST_IF, index);
    } else {
      // struct ip_mreqn: group, local address, interface.
      const value = new Uint8Array(new Int32Array([0, 0, index]).buffer);
      this.#socket.setsockopt(IPPROTO_IP, IP_MULTICAST_IF, value);
    }
  }

  /** Whether this machine receives what it sends to a group itself. Default true. */
  get loopback(): boolean {
    return this.#socket.family === AF_INET6
      ? this.#socket.getsockopt(IPPROTO_IPV6, IPV6_MULTICAST_LOOP) !== 0
      : this.#socket.getsockopt(IPPROTO_IP, IP_MULTICAST_LOOP) !== 0;
  }
  set loopback(on: boolean) {
    const value = checkBoolean("loopback", on) ? 1 : 0;
    if (this.#socket.family === AF_INET6) this.#socket.setsockopt(IPPROTO_IPV6, IPV6_MULTICAST_LOOP, value);
    else this.#socket.setsockopt(IPPROTO_IP, IP_MULTICAST_LOOP, value);
  }

  /** How many routers datagrams to groups may pass, plus one: 0 to 255, default 1 (the local network). */
  get ttl(): number {
    return this.#socket.family === AF_INET6
      ? this.#socket.getsockopt(IPPROTO_IPV6, IPV6_MULTICAST_HOPS)
      : this.#socket.getsockopt(IPPROTO_IP, IP_MULTICAST_TTL);
  }
  set ttl(hops: number) {
    checkInteger("ttl", hops, 0, 255);
    if (this.#socket.family === AF_INET6) this.#socket.setsockopt(IPPROTO_IPV6, IPV6_MULTICAST_HOPS, hops);
    else this.#socket.setsockopt(IPPROTO_IP, IP_MULTICAST_TTL, hops);
  }
}
