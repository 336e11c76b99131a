/** The class: POSIX calls by their names. What they do is in the modules they are named for. */

import type { FileHandle } from "node:fs/promises";
import type { Socket as NodeSocket } from "node:net";
import { constants as os } from "node:os";
import type { Duplex } from "node:stream";
import { accept, acceptIfAny, acceptNow } from "./accept.ts";
import {
  type Address,
  type AnyAddress,
  addressBuffer,
  type BindAddress,
  decodeAddress,
  encodeAddress,
  type PacketAddress,
} from "./address.ts";
import { type ReceiveBatch, receiveBatch, type SendBatch } from "./batch.ts";
import { type DuplexOptions, toDuplex } from "./bridges/duplex.ts";
import { type NodeSocketOptions, toNodeSocket } from "./bridges/node-socket.ts";
import { toWeb, type WebStreams } from "./bridges/web.ts";
import {
  checkBoolean,
  checkBuffer,
  checkConstant,
  checkInteger,
  checkTimeout,
  MAX_TIMEOUT,
  type WaitOptions,
} from "./check.ts";
import { Chunks } from "./chunks.ts";
import { connect } from "./connect.ts";
import { Connections } from "./connections.ts";
import {
  AF_INET,
  MSG_PEEK,
  SHUT_RD,
  SO_DETACH_FILTER,
  SO_DOMAIN,
  SO_PROTOCOL,
  SO_TYPE,
  SOCK_STREAM,
  SOL_SOCKET,
} from "./constants.ts";
import { onAccept, onClose, onConnect } from "./diagnostics.ts";
import { ClosedError, SocketError, systemError } from "./errors.ts";
import { MAX_QUEUED_SENDS } from "./extras.ts";
import { forgotten } from "./forgotten.ts";
import { discardAndClose, LINGER_TIMEOUT } from "./linger.ts";
import {
  type Message,
  type MessageInto,
  type MessageOptions,
  type ReceivedDescriptors,
  receiveDescriptors,
  receiveMessage,
  receiveMessageInto,
  receiveMessageNow,
  sendDescriptors,
  sendMessage,
} from "./message.ts";
import { native } from "./native.ts";
import { WRITE } from "./operation.ts";
import { SocketOptions } from "./options.ts";
import { Descriptor } from "./readiness.ts";
import { ready } from "./ready.ts";
import {
  type Datagram,
  type ReceiveOptions,
  receive,
  receiveDatagram,
  receiveDatagramInto,
  receiveDatagramNow,
  receiveInto,
  receiveNow,
} from "./receive.ts";
import { SLAB_SIZE } from "./receive-buffer.ts";
import type { HostAddress } from "./resolve.ts";
import { type SendOptions, send, sendAll, sendNow, sendTo, sendToNow, sendVectorNow } from "./send.ts";
import { type SendfileOptions, sendFile } from "./sendfile.ts";
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

/** The descriptor for the next Socket, where it is open already; only inside `Socket.adopt`. */
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
    if (handedOver < 0) forgotten.register(this, this.#descriptor, this);
  }

  /**
   * A Socket for a descriptor that the addon already owns. `owned`: somebody is sure to close it, so it need not be
   * watched for being dropped, which takes 200 bytes.
   * @internal
   */
  static adopt(fd: number, family: number, type: number, protocol: number, connected: boolean, owned = false): Socket {
    handedOver = fd;
    try {
      const socket = new Socket(family, type, protocol);
      socket.#descriptor.connected = connected;
      if (!owned) forgotten.register(socket, socket.#descriptor, socket);
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
    const socket = Socket.adopt(fd, option(SO_DOMAIN), option(SO_TYPE), option(SO_PROTOCOL), connected);
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
    return this.#descriptor.extras?.maxQueuedSends ?? MAX_QUEUED_SENDS;
  }
  set maxQueuedSends(count: number) {
    this.#descriptor.needExtras().maxQueuedSends = checkInteger("maxQueuedSends", count, 1, MAX_INT);
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
  bind(address: BindAddress | PacketAddress): void {
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

  #accepted(fd: number, owned: boolean): Accepted {
    const address = decodeAddress();
    const socket = Socket.adopt(fd, this.family, this.type, this.protocol, true, owned);
    if (onAccept.hasSubscribers) onAccept.publish({ socket, listener: this, address });
    return { socket, address };
  }

  /**
   * accept(2): the next connection. Connections that died in the queue are passed over; out of descriptors or memory
   * it waits and tries again. Rejects with TimeoutError, AbortError, ClosedError, BusyError or SocketError (EINVAL
   * when the socket does not listen).
   */
  accept(options?: WaitOptions): Promise<Accepted> {
    return accept(this, this.#descriptor, (fd) => this.#accepted(fd, false), options);
  }

  /**
   * `accept` for whoever is sure to close the connections: `take` gets one, and more that are there, while it says so.
   * @internal
   */
  async acceptOwned(take: (accepted: Accepted) => boolean): Promise<void> {
    const accepted = (fd: number): Accepted => this.#accepted(fd, true);
    let next: Accepted | null = await accept(this, this.#descriptor, accepted, undefined);
    while (next !== null && take(next)) next = acceptIfAny(this.#descriptor, accepted);
  }

  /** The next connection if there is one now, else `null`. Throws SocketError, also for EMFILE. */
  tryAccept(): Accepted | null {
    const fd = acceptNow(this.#open("accept"));
    if (fd === EAGAIN || fd === EINTR) return null;
    if (fd < 0) throw systemError("accept", fd);
    return this.#accepted(fd, false);
  }

  /** Connections, until the socket is closed. `break` leaves it open. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Accepted, undefined> {
    return new Connections(this);
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

  /**
   * `connect` that resolves to the errno instead of rejecting with a SocketError of the kernel's: 0 when the
   * connection stands. Bad arguments, time and signals reject as ever.
   */
  async connectEx(address: Address | HostAddress, options?: WaitOptions): Promise<number> {
    try {
      await this.connect(address, options);
      return 0;
    } catch (error) {
      if (error instanceof SocketError && error.errno !== undefined) return -error.errno;
      throw error;
    }
  }

  /** shutdown(2): `SHUT_RD`, `SHUT_WR` (the peer reads its end) or `SHUT_RDWR`. Throws SocketError: ENOTCONN. */
  shutdown(how: number): void {
    const status = native.shutdown(this.#open("shutdown"), checkInteger("how", how, 0, 2));
    if (status < 0) throw systemError("shutdown", status);
    // A Unix stream that is full does not become writable by it, and the write that waits would wait for ever.
    if (how !== SHUT_RD) this.#descriptor.retry(WRITE);
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
    this.#open("recv");
    return receiveNow(this.#descriptor, buffer, flags);
  }

  /**
   * recvfrom(2): one datagram of up to `length` bytes and its sender. Default 65,536. Rejects as `recv` does. Of a
   * packet socket: `recvfrom<PacketAddress>()`.
   */
  recvfrom<A extends AnyAddress = Address>(length = SLAB_SIZE, options?: ReceiveOptions): Promise<Datagram<A>> {
    return receiveDatagram(this, this.#descriptor, length, options) as Promise<Datagram<A>>;
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
  sendto(data: string | Uint8Array, address: AnyAddress, options?: SendOptions): Promise<number> {
    return sendTo(this, this.#descriptor, data, address, options);
  }

  /** Sends one datagram now: its length, or `null` where the kernel has no room. Throws SocketError. */
  trySendto(data: string | Uint8Array, address: AnyAddress, flags = 0): number | null {
    return sendToNow(this, this.#open("sendto"), data, address, flags);
  }

  /**
   * Sends the buffers as one, from `buffers[first]` at `offset` on: the number of bytes that the kernel takes now, or
   * `null` where it has no room; writev(2). At most 64 buffers a call. Throws SocketError.
   */
  trySendv(buffers: readonly Uint8Array[], first = 0, offset = 0): number | null {
    return sendVectorNow(this.#open("sendmsg"), buffers, first, offset);
  }

  /**
   * recvfrom(2) into memory of the caller: the length of the datagram that fits, and its sender. Rejects as `recv` does.
   */
  recvfromInto(buffer: Uint8Array, options?: ReceiveOptions): Promise<{ length: number; address: Address }> {
    return receiveDatagramInto(this, this.#descriptor, buffer, options);
  }

  /** `recv` that leaves the data where it is, MSG_PEEK. */
  peek(length = SLAB_SIZE, options?: ReceiveOptions): Promise<Buffer | null> {
    return receive(this, this.#descriptor, length, { ...options, flags: (options?.flags ?? 0) | MSG_PEEK });
  }

  /**
   * recvmsg(2): a message of up to `length` bytes with its ancillary data, for which `ancillaryLength` bytes of room
   * are made (see `ancillarySpace`; default 0). Rejects as `recv`. With MSG_ERRQUEUE, what went wrong with datagrams;
   * such a call may wait beside one that receives.
   */
  recvmsg(length = SLAB_SIZE, ancillaryLength = 0, options?: ReceiveOptions): Promise<Message> {
    return receiveMessage(this, this.#descriptor, length, ancillaryLength, options);
  }

  /** A message of up to `length` bytes, at most 65,536, if there is one now, else `null`. Throws SocketError. */
  tryRecvmsg(length = SLAB_SIZE, ancillaryLength = 0, flags = 0): Message | null {
    this.#open("recvmsg");
    return receiveMessageNow(this.#descriptor, length, ancillaryLength, flags);
  }

  /** recvmsg(2) into up to 64 buffers of the caller, one after the other. Rejects as `recv` does. */
  recvmsgInto(buffers: readonly Uint8Array[], ancillaryLength = 0, options?: ReceiveOptions): Promise<MessageInto> {
    return receiveMessageInto(this, this.#descriptor, buffers, ancillaryLength, options);
  }

  /**
   * sendmsg(2): one message of up to 64 parts, with ancillary data and to an address where wanted. Resolves to the
   * number of bytes that the kernel took. Rejects as `sendto` does.
   */
  sendmsg(data: string | Uint8Array | readonly (string | Uint8Array)[], options?: MessageOptions): Promise<number> {
    return sendMessage(this, this.#descriptor, data, options);
  }

  /**
   * Passes 1 to 253 descriptors over a Unix socket with at least one byte of data, SCM_RIGHTS of unix(7). They stay
   * open here. The other side shares their state: O_NONBLOCK is set for both or for neither.
   */
  sendFds(data: string | Uint8Array, descriptors: readonly number[], options?: SendOptions): Promise<number> {
    return sendDescriptors(this, this.#descriptor, data, descriptors, options);
  }

  /**
   * Receives up to `max` descriptors, close-on-exec, with up to `length` bytes of data; each is closed unless it is
   * taken. When the peer passed more, all are closed and the call rejects with ERR_SOCKET_TRUNCATED.
   */
  recvFds(length: number, max: number, options?: ReceiveOptions): Promise<ReceivedDescriptors> {
    return receiveDescriptors(this, this.#descriptor, length, max, options);
  }

  /**
   * sendfile(2): sends `count` bytes of an open file (default: all that follow) from `offset` on (default 0), without
   * a copy through this process. The disk is read on the thread pool. Resolves to the number of bytes sent. Rejects as
   * `sendAll` does, with `bytesSent`.
   */
  sendfile(file: FileHandle, options?: SendfileOptions): Promise<number> {
    return sendFile(this, this.#descriptor, file, options);
  }

  /** Waits for datagrams and fills a batch with those that are there, recvmmsg(2): how many. Rejects as `recv` does. */
  receiveMany(batch: ReceiveBatch, options?: WaitOptions): Promise<number> {
    return receiveBatch(this, this.#descriptor, batch, options);
  }

  /** Fills a batch with the datagrams that are there, recvmmsg(2): how many, or `null` for none. Throws SocketError. */
  tryReceiveMany(batch: ReceiveBatch): number | null {
    const count = batch.receive(this.#open("recvmmsg"));
    if (count >= 0) return count;
    if (count === EAGAIN || count === EINTR) return null;
    throw systemError("recvmmsg", count);
  }

  /**
   * Sends the datagrams of a batch from number `from` on, sendmmsg(2): how many the kernel took, or `null` where it
   * has no room. Throws SocketError when the first of them fails.
   */
  trySendMany(batch: SendBatch, from = 0): number | null {
    const fd = this.#open("sendmmsg");
    if (batch.length === 0) return 0;
    const count = batch.send(fd, checkInteger("from", from, 0, batch.length - 1));
    if (count >= 0) return count;
    if (count === EAGAIN || count === EINTR) return null;
    throw systemError("sendmmsg", count);
  }

  /**
   * Sends `data` as datagrams of `segmentSize` bytes in one call, UDP_SEGMENT of udp(7): at most 64, together no
   * longer than one datagram may be. `null` where the kernel has no room. Throws SocketError: EIO or EINVAL where the
   * kernel or the driver cannot, EMSGSIZE.
   */
  trySendSegments(data: Uint8Array, segmentSize: number, address?: Address): number | null {
    const fd = this.#open("sendmsg");
    checkBuffer("data", data);
    checkInteger("segmentSize", segmentSize, 1, 65535);
    if (address !== undefined) encodeAddress(this.family, address);
    const to = address === undefined ? null : addressBuffer;
    const count = native.sendSegments(fd, data, segmentSize, to);
    if (count >= 0) return count;
    if (count === EAGAIN || count === EINTR) return null;
    throw systemError("sendmsg", count, address);
  }

  /** Resolves when a read would find data, an end or an error, or an accept a connection. Level-triggered. */
  readable(options?: WaitOptions): Promise<void> {
    return ready(this, this.#descriptor, "readable", options);
  }

  /** Resolves when a write would find room or an error. Level-triggered. */
  writable(options?: WaitOptions): Promise<void> {
    return ready(this, this.#descriptor, "writable", options);
  }

  /**
   * The data of a stream as it arrives, until its end; `break` leaves the socket open and loses nothing. Each step
   * rejects as `recv` does.
   */
  chunks(options?: ReceiveOptions): AsyncIterableIterator<Buffer, undefined> {
    return new Chunks(this, this.#descriptor, options);
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

  /** The options that people really set, by name: `socket.options.noDelay = true`. */
  get options(): SocketOptions {
    return new SocketOptions(this);
  }

  /**
   * Attaches a classic BPF program, instructions of 8 bytes: what it rejects never arrives; `null` detaches it.
   * SO_ATTACH_FILTER of socket(7). Throws SocketError: EINVAL for a program that the kernel does not accept.
   */
  attachFilter(program: Uint8Array | null): void {
    const fd = this.#open("attachFilter");
    if (program === null) {
      setOption(this.#descriptor, SOL_SOCKET, SO_DETACH_FILTER, 0);
      return;
    }
    const status = native.attachFilter(fd, checkBuffer("program", program));
    if (status < 0) throw systemError("attachFilter", status);
  }

  /** Whether a child process gets the descriptor; by default none does. */
  get inheritable(): boolean {
    return native.getInheritable(this.#open("inheritable")) === 1;
  }
  set inheritable(on: boolean) {
    checkBoolean("inheritable", on);
    native.setInheritable(this.#open("inheritable"), on ? 1 : 0);
  }

  /** dup(2): another Socket for the same connection; it is open until both are closed. Throws SocketError: EMFILE. */
  dup(): Socket {
    const fd = native.dup(this.#open("dup"));
    if (fd < 0) throw systemError("dup", fd);
    const copy = Socket.adopt(fd, this.family, this.type, this.protocol, this.#descriptor.connected);
    copy.timeout = this.timeout;
    return copy;
  }

  /** Hands the connection to a Duplex of `node:stream`, which owns this socket from now on. */
  toDuplex(options?: DuplexOptions): Duplex {
    return toDuplex(this, options);
  }

  /** Hands the connection to a pair of web streams, which own this socket from now on. */
  toWeb(): WebStreams {
    return toWeb(this);
  }

  /** Hands the descriptor to a `net.Socket`, for TLS, HTTP and the rest; this socket is closed after it. */
  toNodeSocket(options?: NodeSocketOptions): NodeSocket {
    return toNodeSocket(this, options);
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
   * that the peer loses nothing that was sent; with SO_LINGER set it does not, and lingers on a thread of its own.
   */
  close(): void {
    const d = this.#descriptor;
    if (d.fd < 0) return;
    forgotten.unregister(this);
    if (onClose.hasSubscribers) onClose.publish({ socket: this });
    if (d.stream && !d.ended && (d.extras?.linger ?? null) === null && native.unread(d.fd) > 0) {
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
