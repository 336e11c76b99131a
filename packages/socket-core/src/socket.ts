/** The class: POSIX calls by their names. What they do is in the modules they are named for. */
import { constants as os } from "node:os";
import { accept, acceptNow } from "./accept.ts";
import { type Address, addressBuffer, type BindAddress, decodeAddress, encodeAddress } from "./address.ts";
import { checkBoolean, checkConstant, checkInteger, checkTimeout, MAX_TIMEOUT, type WaitOptions } from "./check.ts";
import { connect } from "./connect.ts";
import { AF_INET, SO_DOMAIN, SO_PROTOCOL, SO_TYPE, SOCK_STREAM, SOL_SOCKET } from "./constants.ts";
import { onAccept, onClose, onConnect } from "./diagnostics.ts";
import { ClosedError, systemError } from "./errors.ts";
import { forgotten } from "./forgotten.ts";
import { discardAndClose, LINGER_TIMEOUT } from "./linger.ts";
import { native } from "./native.ts";
import { Descriptor } from "./readiness.ts";
import { ready } from "./ready.ts";
import {
  type Datagram,
  type ReceiveOptions,
  receive,
  receiveDatagram,
  receiveDatagramNow,
  receiveInto,
  receiveNow,
} from "./receive.ts";
import { SLAB_SIZE } from "./receive-buffer.ts";
import type { HostAddress } from "./resolve.ts";
import { type SendOptions, send, sendAll, sendNow, sendTo, sendToNow, sendVectorNow } from "./send.ts";
import { getOption, getOptionBytes, noteLinger, setOption } from "./sockopt.ts";

/** What `accept` and the iteration of a listening socket give. */
export interface Accepted {
  /** The connection. */
  socket: Socket;
  /** The peer's address. */
  address: Address;
}

const EAGAIN = -os.errno.EAGAIN;
const EINTR = -os.errno.EINTR;
const MAX_INT = 2 ** 31 - 1;

/** The descriptor for the next Socket, where it is open already; only inside `Socket.#of`. */
let handedOver = -1;

/**
 * A socket of the operating system, socket(2). Calls that may wait return promises and take `{ signal, timeout }`;
 * those that cannot are synchronous. After `close()` every call is a ClosedError.
 *
 * On stream sockets one read, one write and one accept may wait at a time; a second one is a BusyError.
 */
export class Socket implements AsyncIterable<Accepted> {
  /** The address family, an AF_ constant. */
  readonly family: number;
  /** The socket type, a SOCK_ constant. */
  readonly type: number;
  /** The protocol number; 0 is the default of family and type. */
  readonly protocol: number;
  readonly #descriptor: Descriptor;

  /**
   * Opens a socket: non-blocking inside and closed on exec. Defaults: `AF_INET`, `SOCK_STREAM`, protocol 0.
   * Throws the SocketError of socket(2), or an UnsupportedError where the platform lacks the family.
   */
  constructor(family: number = AF_INET, type: number = SOCK_STREAM, protocol = 0) {
    let fd = handedOver;
    if (fd < 0) {
      checkConstant("family", family);
      checkConstant("type", type);
      checkInteger("protocol", protocol, 0, 65535);
      fd = native.socket(family, type, protocol);
      if (fd < 0) throw systemError("socket", fd);
    }
    this.family = family;
    this.type = type;
    this.protocol = protocol;
    this.#descriptor = new Descriptor(fd, type === SOCK_STREAM);
    forgotten.register(this, this.#descriptor, this);
  }

  static #of(fd: number, family: number, type: number, protocol: number, connected: boolean): Socket {
    handedOver = fd;
    try {
      const socket = new Socket(family, type, protocol);
      socket.#descriptor.connected = connected;
      return socket;
    } finally {
      handedOver = -1;
    }
  }

  /**
   * Takes over an open descriptor, which must be a socket, and makes it non-blocking. From then on it is closed with
   * the Socket. Throws SocketError: ENOTSOCK, EBADF, or EEXIST when a Socket or another handle of this process
   * already waits on it.
   */
  static fromFd(fd: number): Socket {
    checkInteger("fd", fd, 0, MAX_INT);
    const status = native.adopt(fd);
    if (status < 0) throw systemError("fromFd", status);
    const connected = native.getpeername(fd, addressBuffer) >= 0;
    const option = (name: number): number => getOption(fd, SOL_SOCKET, name);
    const socket = Socket.#of(fd, option(SO_DOMAIN), option(SO_TYPE), option(SO_PROTOCOL), connected);
    noteLinger(socket.#descriptor);
    return socket;
  }

  /** The descriptor's number, or -1 after `close()`. It stays this socket's: never close it. */
  fileno(): number {
    return this.#descriptor.fd;
  }

  /** Whether `close()` or `detach()` was called. */
  get closed(): boolean {
    return this.#descriptor.fd < 0;
  }

  /**
   * Milliseconds after which a waiting call is a TimeoutError; `null`, the default, waits for ever, and 0 is the same
   * as `blocking = false`. Each call may bring its own.
   */
  get timeout(): number | null {
    return this.#descriptor.timeout;
  }
  set timeout(milliseconds: number | null) {
    this.#descriptor.timeout = checkTimeout("timeout", milliseconds);
  }

  /** When false, a call that would wait rejects at once with EAGAIN (EINPROGRESS for `connect`). Default true. */
  get blocking(): boolean {
    return this.#descriptor.timeout !== 0;
  }
  set blocking(blocking: boolean) {
    checkBoolean("blocking", blocking);
    this.#descriptor.timeout = blocking ? null : 0;
  }

  /** How many sends may wait on a datagram socket before the next one is a BusyError. Default 1,024. */
  get maxQueuedSends(): number {
    return this.#descriptor.maxQueuedSends;
  }
  set maxQueuedSends(count: number) {
    this.#descriptor.maxQueuedSends = checkInteger("maxQueuedSends", count, 1, MAX_INT);
  }

  /** Pending calls keep the process alive; this is the default. */
  ref(): this {
    this.#descriptor.setReferenced(true);
    return this;
  }

  /** Pending calls do not keep the process alive. A socket on which nothing is pending never does. */
  unref(): this {
    this.#descriptor.setReferenced(false);
    return this;
  }

  #open(syscall: string): number {
    const { fd } = this.#descriptor;
    if (fd < 0) throw new ClosedError(syscall);
    return fd;
  }

  /**
   * bind(2). Takes literals, nothing is resolved: without `address` the wildcard of the family; `"localhost"` is its
   * loopback; port 0 lets the kernel choose. Throws SocketError, for example EADDRINUSE or EACCES.
   */
  bind(address: BindAddress): void {
    const fd = this.#open("bind");
    encodeAddress(this.family, address, true);
    const status = native.bind(fd, addressBuffer);
    if (status < 0) throw systemError("bind", status, address);
  }

  /** listen(2): up to `backlog` connections wait in the kernel until they are accepted. Default 511; capped by the kernel. */
  listen(backlog = 511): void {
    const status = native.listen(this.#open("listen"), checkInteger("backlog", backlog, 0, MAX_INT));
    if (status < 0) throw systemError("listen", status);
  }

  #accepted(fd: number): Accepted {
    const address = decodeAddress();
    const socket = Socket.#of(fd, this.family, this.type, this.protocol, true);
    if (onAccept.hasSubscribers) onAccept.publish({ socket, listener: this, address });
    return { socket, address };
  }

  /**
   * accept(2): the next connection. Connections that died in the queue are passed over; out of descriptors or memory
   * it waits and tries again. Rejects with TimeoutError, AbortError, ClosedError, BusyError or SocketError (EINVAL
   * when the socket does not listen).
   */
  accept(options?: WaitOptions): Promise<Accepted> {
    return accept(this, this.#descriptor, (fd) => this.#accepted(fd), options);
  }

  /** The next connection if there is one now, else `null`. Throws SocketError, also for EMFILE. */
  tryAccept(): Accepted | null {
    const fd = acceptNow(this.#open("accept"));
    if (fd === EAGAIN || fd === EINTR) return null;
    if (fd < 0) throw systemError("accept", fd);
    return this.#accepted(fd);
  }

  /** Connections, until the socket is closed. `break` leaves it open. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Accepted, void, undefined> {
    while (!this.closed) {
      try {
        yield await this.accept();
      } catch (error) {
        if (error instanceof ClosedError) return;
        throw error;
      }
    }
  }

  /**
   * connect(2). `{ host, port }` is resolved first, `{ address, port }` is a literal, `{ path }` a Unix socket; the
   * timeout bounds both steps. A datagram socket only fixes its peer. Rejects with SocketError (ECONNREFUSED,
   * ENETUNREACH …), TimeoutError, AbortError or BusyError. When a connection that had begun is aborted or times out,
   * the socket is closed, because its state is unknown.
   */
  async connect(address: Address | HostAddress, options?: WaitOptions): Promise<void> {
    const peer = await connect(this, this.#descriptor, address, options);
    if (onConnect.hasSubscribers) onConnect.publish({ socket: this, address: peer });
  }

  /** shutdown(2): `SHUT_RD`, `SHUT_WR` (the peer reads its end) or `SHUT_RDWR`. Throws SocketError: ENOTCONN. */
  shutdown(how: number): void {
    const status = native.shutdown(this.#open("shutdown"), checkInteger("how", how, 0, 2));
    if (status < 0) throw systemError("shutdown", status);
  }

  /**
   * recv(2): up to `length` bytes in a Buffer of their own, at least one; `null` at the end of a stream. On a datagram
   * socket one datagram (an empty one is an empty Buffer), cut to `length`. Rejects with SocketError (ECONNRESET …),
   * TimeoutError, AbortError, ClosedError, BusyError.
   */
  recv(length = SLAB_SIZE, options?: ReceiveOptions): Promise<Buffer | null> {
    return receive(this, this.#descriptor, length, options);
  }

  /**
   * recv(2) into memory of the caller: the number of bytes, 0 at the end of a stream. `buffer` must hold at least one
   * byte and be left alone until then. Rejects as `recv` does.
   */
  recvInto(buffer: Uint8Array, options?: ReceiveOptions): Promise<number> {
    return receiveInto(this, this.#descriptor, buffer, options);
  }

  /** The number of bytes received into `buffer` now (0: end of stream), or `null` where there are none yet. Throws SocketError. */
  tryRecv(buffer: Uint8Array, flags = 0): number | null {
    return receiveNow(this.#descriptor, this.#open("recv"), buffer, flags);
  }

  /** recvfrom(2): one datagram of up to `length` bytes and its sender. Default 65,536. Rejects as `recv` does. */
  recvfrom(length = SLAB_SIZE, options?: ReceiveOptions): Promise<Datagram> {
    return receiveDatagram(this, this.#descriptor, length, options);
  }

  /** A datagram of up to `length` bytes, at most 65,536, if there is one now, else `null`. Throws SocketError. */
  tryRecvfrom(length = SLAB_SIZE, flags = 0): Datagram | null {
    return receiveDatagramNow(this.#descriptor, this.#open("recvfrom"), length, flags);
  }

  /** send(2): the number of bytes that the kernel took, which may be fewer than given. Rejects as `sendAll` does. */
  send(data: string | Uint8Array, options?: SendOptions): Promise<number> {
    return send(this, this.#descriptor, data, options);
  }

  /** The number of bytes that the kernel takes now, or `null` where it has no room. Throws SocketError. */
  trySend(data: string | Uint8Array, flags = 0): number | null {
    return sendNow(this.#open("send"), data, flags);
  }

  /**
   * Sends all of `data`; text goes as UTF-8. `data` must be left alone until then. Rejects with SocketError (EPIPE,
   * ECONNRESET …), TimeoutError, AbortError, ClosedError, each with `bytesSent`, or BusyError.
   */
  sendAll(data: string | Uint8Array, options?: SendOptions): Promise<void> {
    return sendAll(this, this.#descriptor, data, options);
  }

  /**
   * sendto(2): one datagram to a literal address. Calls queue in order, up to `maxQueuedSends`. Resolves to its length.
   * Rejects with SocketError, for example EMSGSIZE or, after an ICMP error, ECONNREFUSED; the socket goes on.
   */
  sendto(data: string | Uint8Array, address: Address, options?: SendOptions): Promise<number> {
    return sendTo(this, this.#descriptor, data, address, options);
  }

  /** Sends one datagram now: its length, or `null` where the kernel has no room. Throws SocketError. */
  trySendto(data: string | Uint8Array, address: Address, flags = 0): number | null {
    return sendToNow(this, this.#open("sendto"), data, address, flags);
  }

  /**
   * Sends the buffers as one, from `buffers[first]` at `offset` on: the number of bytes that the kernel takes now, or
   * `null` where it has no room; writev(2). At most 64 buffers a call. Throws SocketError.
   */
  trySendv(buffers: readonly Uint8Array[], first = 0, offset = 0): number | null {
    return sendVectorNow(this.#open("sendmsg"), buffers, first, offset);
  }

  /** Resolves when a read would find data, an end or an error, or an accept a connection. Level-triggered. */
  readable(options?: WaitOptions): Promise<void> {
    return ready(this, this.#descriptor, "readable", options);
  }

  /** Resolves when a write would find room or an error. Level-triggered. */
  writable(options?: WaitOptions): Promise<void> {
    return ready(this, this.#descriptor, "writable", options);
  }

  /** The data of a stream as it arrives, until its end; `break` leaves the socket open and loses nothing. */
  async *chunks(options?: ReceiveOptions): AsyncGenerator<Buffer, void, undefined> {
    for (;;) {
      const data = await this.recv(SLAB_SIZE, options);
      if (data === null) return;
      yield data;
    }
  }

  /** getsockname(2): the address that the socket is bound to. Throws SocketError. */
  getsockname(): Address {
    const status = native.getsockname(this.#open("getsockname"), addressBuffer);
    if (status < 0) throw systemError("getsockname", status);
    return decodeAddress();
  }

  /** getpeername(2): the peer's address. Throws SocketError: ENOTCONN. */
  getpeername(): Address {
    const status = native.getpeername(this.#open("getpeername"), addressBuffer);
    if (status < 0) throw systemError("getpeername", status);
    return decodeAddress();
  }

  /**
   * setsockopt(2): any option at any stage. A number is passed as a C `int`, other types as bytes. Throws SocketError,
   * for example ENOPROTOOPT, or UnsupportedError for a constant that the platform lacks.
   */
  setsockopt(level: number, name: number, value: number | Uint8Array): void {
    this.#open("setsockopt");
    setOption(this.#descriptor, level, name, value);
  }

  /** getsockopt(2): an option as a C `int`. Throws SocketError. */
  getsockopt(level: number, name: number): number;
  /** getsockopt(2): up to `length` bytes of an option, 1 to 65,536. */
  getsockopt(level: number, name: number, length: number): Buffer;
  getsockopt(level: number, name: number, length?: number): number | Buffer {
    const fd = this.#open("getsockopt");
    return length === undefined ? getOption(fd, level, name) : getOptionBytes(fd, level, name, length);
  }

  /** Gives the descriptor away: it stays open, non-blocking, and is the caller's from now on. Waiting calls get a ClosedError. */
  detach(): number {
    this.#open("detach");
    forgotten.unregister(this);
    const fd = this.#descriptor.detach();
    native.release(fd);
    return fd;
  }

  /**
   * close(2). Whoever waits gets a ClosedError; closing again does nothing. A stream with unread input, which the
   * kernel would answer with a reset, first says FIN and discards input for up to two seconds in the background, so
   * that the peer loses nothing that was sent; with SO_LINGER set it does not.
   */
  close(): void {
    const d = this.#descriptor;
    if (d.fd < 0) return;
    forgotten.unregister(this);
    if (onClose.hasSubscribers) onClose.publish({ socket: this });
    if (d.stream && !d.ended && !d.lingers && native.unread(d.fd) > 0) {
      void discardAndClose(new Descriptor(d.detach(), true));
    } else {
      d.close();
    }
  }

  /**
   * Ends a stream in order: says FIN, discards what still arrives until the peer's end or `timeout` (2,000 ms), then
   * closes. Rejects only with RangeError or TypeError for a bad `timeout`; closing again does nothing.
   */
  async finish({ timeout = LINGER_TIMEOUT }: { timeout?: number } = {}): Promise<void> {
    checkInteger("timeout", timeout, 0, MAX_TIMEOUT);
    const d = this.#descriptor;
    if (d.fd < 0) return;
    if (!d.stream || !(d.connected || native.getpeername(d.fd, addressBuffer) >= 0)) return this.close();
    forgotten.unregister(this);
    if (onClose.hasSubscribers) onClose.publish({ socket: this });
    await discardAndClose(new Descriptor(d.detach(), true), timeout);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.finish();
  }
}
