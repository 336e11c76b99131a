/** The class: POSIX calls by their names, thin over readiness.ts. */
import { constants as os } from "node:os";
import { type Address, addressBuffer, type BindAddress, decodeAddress, encodeAddress } from "./address.ts";
import {
  checkBuffer,
  checkConstant,
  checkData,
  checkInteger,
  checkOptions,
  checkSignal,
  checkTimeout,
  rangeError,
  typeError,
  type WaitOptions,
} from "./check.ts";
import { AF_INET, SO_DOMAIN, SO_ERROR, SO_LINGER, SO_PROTOCOL, SO_TYPE, SOCK_STREAM, SOL_SOCKET } from "./constants.ts";
import { onAccept, onClose, onConnect } from "./diagnostics.ts";
import { ClosedError, SocketError, systemError } from "./errors.ts";
import { discardAndClose, LINGER_TIMEOUT } from "./linger.ts";
import { native } from "./native.ts";
import { Descriptor, type Particulars, READ, WRITE } from "./readiness.ts";
import { receiveSlab, SLAB_SIZE, takeReceived } from "./receive-buffer.ts";
import { type HostAddress, resolveHost } from "./resolve.ts";

/** What `accept` and the iteration of a listening socket give. */
export interface Accepted {
  /** The connection. */
  socket: Socket;
  /** The peer's address. */
  address: Address;
}

/** A received datagram. */
export interface Datagram {
  data: Buffer;
  /** The sender's address. */
  address: Address;
}

/** What the receiving calls take. */
export interface ReceiveOptions extends WaitOptions {
  /** MSG_… flags of recv(2), such as `MSG_PEEK`. Default 0. */
  flags?: number;
}

/** What the sending calls take. */
export interface SendOptions extends WaitOptions {
  /** MSG_… flags of send(2). `MSG_NOSIGNAL` is always set. Default 0. */
  flags?: number;
}

const EAGAIN = -os.errno.EAGAIN;
const EINTR = -os.errno.EINTR;
const EINPROGRESS = -os.errno.EINPROGRESS;
const ENOTCONN = -os.errno.ENOTCONN;

/** accept(2): errors of one connection that died in the queue; the next one may be well. */
const PASSING: ReadonlySet<number> = new Set(
  [os.errno.ECONNABORTED, os.errno.EPROTO, os.errno.ENETDOWN, os.errno.EHOSTUNREACH, os.errno.ENETUNREACH].map(
    (e) => -e,
  ),
);
const MAX_PASSING = 64;
/** Out of descriptors or memory: the queue waits in the kernel while we back off, 10 ms to 1 s. */
const EXHAUSTED: ReadonlySet<number> = new Set(
  [os.errno.EMFILE, os.errno.ENFILE, os.errno.ENOBUFS, os.errno.ENOMEM].map((e) => -e),
);
const MIN_BACKOFF = 10;
const MAX_BACKOFF = 1_000;

const MAX_LENGTH = 2 ** 31 - 1;
/** A datagram socket holds so many sends that wait for room, by default. */
const MAX_QUEUED_SENDS = 1_024;

const numberOption = new Int32Array(1);
const numberOptionBytes = new Uint8Array(numberOption.buffer);

const asCount = (count: number): number => count;
const asNothing = (): void => {};

/** Doubles with every call. */
function backoff(applies: (errno: number) => boolean): (errno: number) => number | undefined {
  let delay = MIN_BACKOFF / 2;
  return (errno) => {
    if (!applies(errno)) return undefined;
    delay = Math.min(delay * 2, MAX_BACKOFF);
    return delay;
  };
}

/** Sockets that were dropped without `close()`: the descriptor is closed, and the warning says so. */
const forgotten = new FinalizationRegistry<Descriptor>((descriptor) => {
  if (descriptor.fd < 0) return;
  process.emitWarning(`A socket (descriptor ${descriptor.fd}) was dropped without close()`, "ResourceWarning");
  descriptor.close();
});

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
  /** How many sends may wait on a datagram socket before the next one is a BusyError. Default 1,024. */
  maxQueuedSends: number = MAX_QUEUED_SENDS;
  readonly #descriptor: Descriptor;
  #timeout: number | null = null;
  #connected = false;
  /** Nothing can be unread after the peer's end. */
  #ended = false;
  #lingers = false;

  /**
   * Opens a socket: non-blocking inside and closed on exec. Defaults: `AF_INET`, `SOCK_STREAM`, protocol 0.
   * Throws the SocketError of socket(2), or an UnsupportedError where the platform lacks the family.
   */
  constructor(family?: number, type?: number, protocol?: number);
  /** @internal */
  constructor(family: number, type: number, protocol: number, descriptor: Descriptor);
  constructor(family: number = AF_INET, type: number = SOCK_STREAM, protocol = 0, descriptor?: Descriptor) {
    if (descriptor === undefined) {
      checkConstant("family", family);
      checkConstant("type", type);
      checkInteger("protocol", protocol, 0, 65535);
      const fd = native.socket(family, type, protocol);
      if (fd < 0) throw systemError("socket", fd);
      descriptor = new Descriptor(fd);
    }
    this.family = family;
    this.type = type;
    this.protocol = protocol;
    this.#descriptor = descriptor;
    forgotten.register(this, descriptor, this);
  }

  /**
   * Takes over an open descriptor, which must be a socket, and makes it non-blocking. From then on it is closed with
   * the Socket. Throws SocketError: ENOTSOCK, EBADF, or EEXIST when a Socket here already has it.
   */
  static fromFd(fd: number): Socket {
    checkInteger("fd", fd, 0, MAX_LENGTH);
    const adopted = native.adopt(fd);
    if (adopted < 0) throw systemError("fromFd", adopted);
    const option = (name: number): number => {
      native.getsockopt(fd, SOL_SOCKET, name, numberOptionBytes);
      return numberOption[0]!;
    };
    const socket = new Socket(option(SO_DOMAIN), option(SO_TYPE), option(SO_PROTOCOL), new Descriptor(fd));
    socket.#connected = native.getpeername(fd, addressBuffer) >= 0;
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
    return this.#timeout;
  }
  set timeout(milliseconds: number | null) {
    this.#timeout = checkTimeout("timeout", milliseconds);
  }

  /** When false, a call that would wait rejects at once with EAGAIN (EINPROGRESS for `connect`). Default true. */
  get blocking(): boolean {
    return this.#timeout !== 0;
  }
  set blocking(blocking: boolean) {
    if (typeof blocking !== "boolean") throw typeError("blocking", "a boolean", blocking);
    this.#timeout = blocking ? null : 0;
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

  /** Checks the options of a waiting call. They are absent on the paths that must be fast. */
  #check(options: (WaitOptions & { flags?: number }) | undefined): number {
    if (options === undefined) return 0;
    checkOptions("options", options);
    checkSignal(options.signal);
    if (options.timeout !== undefined) checkTimeout("timeout", options.timeout);
    return options.flags === undefined ? 0 : checkInteger("flags", options.flags, 0, MAX_LENGTH);
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
    const fd = this.#open("listen");
    const status = native.listen(fd, checkInteger("backlog", backlog, 0, 2 ** 31 - 1));
    if (status < 0) throw systemError("listen", status);
  }

  #acceptNow(): number {
    const { fd } = this.#descriptor;
    for (let i = 0; ; i++) {
      const accepted = native.accept(fd, addressBuffer);
      if (accepted >= 0 || !PASSING.has(accepted) || i === MAX_PASSING) return accepted;
    }
  }

  #accepted(fd: number): Accepted {
    const address = decodeAddress();
    const socket = new Socket(this.family, this.type, this.protocol, new Descriptor(fd));
    socket.#connected = true;
    if (onAccept.hasSubscribers) onAccept.publish({ socket, listener: this, address });
    return { socket, address };
  }

  /**
   * accept(2): the next connection. Connections that died in the queue are passed over; out of descriptors or memory
   * it waits and tries again. Rejects with TimeoutError, AbortError, ClosedError, BusyError or SocketError (EINVAL
   * when the socket does not listen).
   */
  async accept(options?: WaitOptions): Promise<Accepted> {
    this.#check(options);
    return this.#descriptor.run(
      this,
      READ,
      "accept",
      () => this.#acceptNow(),
      (fd) => this.#accepted(fd),
      this.#timeout,
      options,
      { retryAfter: backoff((errno) => EXHAUSTED.has(errno)) },
    );
  }

  /** The next connection if there is one now, else `null`. Throws SocketError, also for EMFILE. */
  tryAccept(): Accepted | null {
    this.#open("accept");
    const fd = this.#acceptNow();
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
   * connect(2). `{ host, port }` is resolved first, `{ address, port }` is a literal, `{ path }` a Unix socket. A
   * datagram socket only fixes its peer. Rejects with SocketError (ECONNREFUSED, ENETUNREACH …), TimeoutError or
   * AbortError; after an abort or a timeout the socket is closed, because its state is unknown.
   */
  async connect(address: Address | HostAddress, options?: WaitOptions): Promise<void> {
    this.#check(options);
    this.#open("connect");
    const target =
      "host" in Object(address) ? await resolveHost(address as HostAddress, this.family, options) : address;
    encodeAddress(this.family, target);
    const fd = this.#open("connect");
    const particulars: Particulars = { target: target as Address };
    const status = native.connect(fd, addressBuffer);
    // A Unix listener whose queue is full says EAGAIN, and readiness does not tell when to try again.
    const full = status === EAGAIN && this.#timeout !== 0;
    if (status < 0 && !full && status !== EINTR && (status !== EINPROGRESS || this.#timeout === 0)) {
      throw systemError("connect", status, particulars.target);
    }
    if (status < 0) {
      const attempt = full ? () => this.#connectAgain(target as Address) : () => this.#connectDone();
      particulars.waitFirst = !full;
      if (full) particulars.retryAfter = backoff((errno) => errno === -os.errno.EALREADY);
      try {
        await this.#descriptor.run(this, WRITE, "connect", attempt, asNothing, this.#timeout, options, particulars);
      } catch (error) {
        if (error instanceof SocketError && error.errno === undefined) this.close();
        throw error;
      }
    }
    this.#connected = true;
    if (onConnect.hasSubscribers) onConnect.publish({ socket: this, address: target });
  }

  /** SO_ERROR tells how a connect ended; none and no peer: it has not. */
  #connectDone(): number {
    const { fd } = this.#descriptor;
    const status = native.getsockopt(fd, SOL_SOCKET, SO_ERROR, numberOptionBytes);
    if (status < 0) return status;
    if (numberOption[0] !== 0) return -numberOption[0]!;
    return native.getpeername(fd, addressBuffer) === ENOTCONN ? EAGAIN : 0;
  }

  #connectAgain(target: Address): number {
    encodeAddress(this.family, target);
    const status = native.connect(this.#descriptor.fd, addressBuffer);
    return status === EAGAIN ? -os.errno.EALREADY : status;
  }

  /** shutdown(2): `SHUT_RD`, `SHUT_WR` (the peer reads its end) or `SHUT_RDWR`. Throws SocketError: ENOTCONN. */
  shutdown(how: number): void {
    const fd = this.#open("shutdown");
    const status = native.shutdown(fd, checkInteger("how", how, 0, 2));
    if (status < 0) throw systemError("shutdown", status);
  }

  /** Notes what a read of a stream tells about the reads after it. */
  #note(count: number, length: number): number {
    if (this.type === SOCK_STREAM) {
      if (count === 0) this.#ended = true;
      else if (count > 0 && count < length) this.#descriptor.drained = true;
    }
    return count;
  }

  /**
   * recv(2): up to `length` bytes in a Buffer of their own, at least one; `null` at the end of a stream. On a datagram
   * socket one datagram (an empty one is an empty Buffer), cut to `length`. Rejects with SocketError (ECONNRESET …),
   * TimeoutError, AbortError, ClosedError, BusyError.
   */
  async recv(length = SLAB_SIZE, options?: ReceiveOptions): Promise<Buffer | null> {
    checkInteger("length", length, 1, MAX_LENGTH);
    const flags = this.#check(options);
    const d = this.#descriptor;
    // Only a large datagram needs more than the slab; of a stream, less is enough.
    const own = length > SLAB_SIZE && this.type !== SOCK_STREAM ? Buffer.allocUnsafeSlow(length) : null;
    const size = own === null ? Math.min(length, SLAB_SIZE) : length;
    return d.run(
      this,
      READ,
      "recv",
      () => this.#note(native.recv(d.fd, own ?? receiveSlab(), 0, size, flags), flags === 0 ? size : 0),
      (count) => {
        if (count === 0 && this.type === SOCK_STREAM) return null;
        return own === null ? takeReceived(count) : own.subarray(0, count);
      },
      this.#timeout,
      options,
    );
  }

  /**
   * recv(2) into memory of the caller: the number of bytes, 0 at the end of a stream. `buffer` must hold at least one
   * byte and be left alone until then. Rejects as `recv` does.
   */
  recvInto(buffer: Uint8Array, options?: ReceiveOptions): Promise<number> {
    let flags: number;
    try {
      if (checkBuffer("buffer", buffer).length === 0) throw rangeError("buffer", "at least one byte long", buffer);
      flags = this.#check(options);
    } catch (error) {
      return Promise.reject(error);
    }
    const d = this.#descriptor;
    const { length } = buffer;
    return d.run(
      this,
      READ,
      "recv",
      () => this.#note(native.recv(d.fd, buffer, 0, length, flags), flags === 0 ? length : 0),
      asCount,
      this.#timeout,
      options,
    );
  }

  /** The number of bytes received into `buffer` now (0: end of stream), or `null` where there are none yet. Throws SocketError. */
  tryRecv(buffer: Uint8Array, flags = 0): number | null {
    const fd = this.#open("recv");
    if (checkBuffer("buffer", buffer).length === 0) throw rangeError("buffer", "at least one byte long", buffer);
    const count = native.recv(fd, buffer, 0, buffer.length, flags);
    if (count === 0 && this.type === SOCK_STREAM) this.#ended = true;
    if (count >= 0) return count;
    if (count === EAGAIN || count === EINTR) return null;
    throw systemError("recv", count);
  }

  /** recvfrom(2): one datagram of up to `length` bytes and its sender. Default 65,536. Rejects as `recv` does. */
  async recvfrom(length = SLAB_SIZE, options?: ReceiveOptions): Promise<Datagram> {
    checkInteger("length", length, 1, MAX_LENGTH);
    const flags = this.#check(options);
    const d = this.#descriptor;
    const own = length > SLAB_SIZE ? Buffer.allocUnsafeSlow(length) : null;
    return d.run(
      this,
      READ,
      "recvfrom",
      () => native.recvfrom(d.fd, own ?? receiveSlab(), 0, length, flags, addressBuffer),
      (count) => {
        const address = decodeAddress();
        return { data: own === null ? takeReceived(count) : own.subarray(0, count), address };
      },
      this.#timeout,
      options,
    );
  }

  /** A datagram if there is one now, else `null`. Throws SocketError. */
  tryRecvfrom(length = SLAB_SIZE, flags = 0): Datagram | null {
    const fd = this.#open("recvfrom");
    checkInteger("length", length, 1, SLAB_SIZE);
    const count = native.recvfrom(fd, receiveSlab(), 0, length, flags, addressBuffer);
    if (count === EAGAIN || count === EINTR) return null;
    if (count < 0) throw systemError("recvfrom", count);
    const address = decodeAddress();
    return { data: takeReceived(count), address };
  }

  #queue(): Particulars | undefined {
    return this.type === SOCK_STREAM ? undefined : { queue: this.maxQueuedSends };
  }

  /** send(2): the number of bytes that the kernel took, which may be fewer than given. Rejects as `sendAll` does. */
  async send(data: string | Uint8Array, options?: SendOptions): Promise<number> {
    const bytes = checkData("data", data);
    const flags = this.#check(options);
    const d = this.#descriptor;
    const { length } = bytes;
    const attempt = (): number => native.send(d.fd, bytes, 0, length, flags);
    return d.run(this, WRITE, "send", attempt, asCount, this.#timeout, options, this.#queue());
  }

  /** The number of bytes that the kernel takes now, or `null` where it has no room. Throws SocketError. */
  trySend(data: string | Uint8Array, flags = 0): number | null {
    const fd = this.#open("send");
    const bytes = checkData("data", data);
    const count = native.send(fd, bytes, 0, bytes.length, flags);
    if (count >= 0) return count;
    if (count === EAGAIN || count === EINTR) return null;
    throw systemError("send", count);
  }

  /**
   * Sends all of `data`; text goes as UTF-8. `data` must be left alone until then. Rejects with SocketError (EPIPE,
   * ECONNRESET …), TimeoutError, AbortError, ClosedError, each with `bytesSent`, or BusyError.
   */
  sendAll(data: string | Uint8Array, options?: SendOptions): Promise<void> {
    let bytes: Uint8Array;
    let flags: number;
    try {
      bytes = checkData("data", data);
      flags = this.#check(options);
    } catch (error) {
      return Promise.reject(error);
    }
    const d = this.#descriptor;
    const { length } = bytes;
    let sent = 0;
    const attempt = (): number => {
      do {
        const count = native.send(d.fd, bytes, sent, length - sent, flags);
        if (count < 0) return count;
        sent += count;
      } while (sent < length);
      return sent;
    };
    const queue = this.type === SOCK_STREAM ? 1 : this.maxQueuedSends;
    return d.run(this, WRITE, "send", attempt, asNothing, this.#timeout, options, { queue, progress: () => sent });
  }

  /**
   * sendto(2): one datagram to a literal address. Calls queue in order, up to `maxQueuedSends`. Resolves to its length.
   * Rejects with SocketError, for example EMSGSIZE or, after an ICMP error, ECONNREFUSED; the socket goes on.
   */
  async sendto(data: string | Uint8Array, address: Address, options?: SendOptions): Promise<number> {
    const bytes = checkData("data", data);
    const flags = this.#check(options);
    encodeAddress(this.family, address);
    const d = this.#descriptor;
    const { length } = bytes;
    const attempt = (): number => {
      // The buffer is shared: a call that waited writes its address again.
      encodeAddress(this.family, address);
      return native.sendto(d.fd, bytes, 0, length, flags, addressBuffer);
    };
    return d.run(this, WRITE, "sendto", attempt, asCount, this.#timeout, options, {
      target: address,
      queue: this.maxQueuedSends,
    });
  }

  /** Sends one datagram now: its length, or `null` where the kernel has no room. Throws SocketError. */
  trySendto(data: string | Uint8Array, address: Address, flags = 0): number | null {
    const fd = this.#open("sendto");
    const bytes = checkData("data", data);
    encodeAddress(this.family, address);
    const count = native.sendto(fd, bytes, 0, bytes.length, flags, addressBuffer);
    if (count >= 0) return count;
    if (count === EAGAIN || count === EINTR) return null;
    throw systemError("sendto", count, address);
  }

  /**
   * Sends the buffers as one, from `buffers[first]` at `offset` on: the number of bytes that the kernel takes now, or
   * `null` where it has no room; writev(2). At most 64 buffers a call. Throws SocketError.
   */
  trySendv(buffers: readonly Uint8Array[], first = 0, offset = 0): number | null {
    const count = native.sendv(this.#open("sendmsg"), buffers, first, offset);
    if (count >= 0) return count;
    if (count === EAGAIN || count === EINTR) return null;
    throw systemError("sendmsg", count);
  }

  /** Resolves when a read would find data, an end or an error, or an accept a connection. Level-triggered. */
  async readable(options?: WaitOptions): Promise<void> {
    this.#check(options);
    await this.#descriptor.run(this, READ, "readable", () => 0, asNothing, this.#timeout, options, { waitFirst: true });
  }

  /** Resolves when a write would find room or an error. Level-triggered. */
  async writable(options?: WaitOptions): Promise<void> {
    this.#check(options);
    await this.#descriptor.run(this, WRITE, "writable", () => 0, asNothing, this.#timeout, options, {
      waitFirst: true,
    });
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
    const fd = this.#open("setsockopt");
    checkConstant("level", level);
    checkConstant("name", name);
    if (typeof value === "number") checkInteger("value", value, -(2 ** 31), 2 ** 32 - 1);
    else if (!(value instanceof Uint8Array)) throw typeError("value", "an integer or a Uint8Array", value);
    const status = native.setsockopt(fd, level, name, value);
    if (status < 0) throw systemError("setsockopt", status);
    if (level === SOL_SOCKET && name === SO_LINGER) this.#lingers = true;
  }

  /** getsockopt(2): an option as a C `int`. Throws SocketError. */
  getsockopt(level: number, name: number): number;
  /** getsockopt(2): up to `length` bytes of an option, 1 to 65,536. */
  getsockopt(level: number, name: number, length: number): Buffer;
  getsockopt(level: number, name: number, length?: number): number | Buffer {
    const fd = this.#open("getsockopt");
    checkConstant("level", level);
    checkConstant("name", name);
    const buffer = length === undefined ? numberOptionBytes : Buffer.alloc(checkInteger("length", length, 1, 65536));
    if (length === undefined) numberOption[0] = 0;
    const status = native.getsockopt(fd, level, name, buffer);
    if (status < 0) throw systemError("getsockopt", status);
    return length === undefined ? numberOption[0]! : (buffer.subarray(0, status) as Buffer);
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
    if (this.#connected && this.type === SOCK_STREAM && !this.#ended && !this.#lingers && native.unread(d.fd) > 0) {
      void discardAndClose(new Descriptor(d.detach()));
    } else {
      d.close();
    }
  }

  /**
   * Ends a stream in order: says FIN, discards what still arrives until the peer's end or `timeout` (2,000 ms), then
   * closes. Never rejects; closing again does nothing.
   */
  async finish({ timeout = LINGER_TIMEOUT }: { timeout?: number } = {}): Promise<void> {
    checkInteger("timeout", timeout, 0, MAX_LENGTH);
    const d = this.#descriptor;
    if (d.fd < 0) return;
    if (!this.#connected || this.type !== SOCK_STREAM) return this.close();
    forgotten.unregister(this);
    if (onClose.hasSubscribers) onClose.publish({ socket: this });
    await discardAndClose(new Descriptor(d.detach()), timeout);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.finish();
  }
}
