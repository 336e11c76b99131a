/** Every error of this package, and the one place where an errno becomes one. */
import { constants } from "node:os";
import { getSystemErrorMap } from "node:util";

/** What an error may carry besides its message. */
export interface SocketErrorDetails {
  /** A stable name: an errno such as `ECONNREFUSED`, or `ERR_SOCKET_…`. */
  code: string;
  /** The negated errno, as Node.js spells it. */
  errno?: number;
  /** The system call that failed. */
  syscall?: string;
  /** The address that was meant. */
  address?: string;
  /** The port that was meant. */
  port?: number;
  /** Bytes that had been handed to the kernel before the failure, for sends. */
  bytesSent?: number;
  cause?: unknown;
}

/** The base of this package's errors. With an `errno` it is the kernel's or the peer's; see errno(3). */
export class SocketError extends Error {
  readonly code: string;
  readonly errno: number | undefined;
  readonly syscall: string | undefined;
  readonly address: string | undefined;
  readonly port: number | undefined;
  readonly bytesSent: number | undefined;

  constructor(message: string, details: SocketErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = details.code;
    this.errno = details.errno;
    this.syscall = details.syscall;
    this.address = details.address;
    this.port = details.port;
    this.bytesSent = details.bytesSent;
  }
}

/** The socket was closed here, before the call or while it waited. Code `ERR_SOCKET_CLOSED`. */
export class ClosedError extends SocketError {
  constructor(syscall: string, details: Partial<SocketErrorDetails> = {}) {
    super(`${syscall}: the socket is closed`, { code: "ERR_SOCKET_CLOSED", syscall, ...details });
  }
}

/** Another call of the same kind already waits on this socket. Code `ERR_SOCKET_BUSY`. */
export class BusyError extends SocketError {
  constructor(syscall: string, what: string) {
    super(`${syscall}: ${what}`, { code: "ERR_SOCKET_BUSY", syscall });
  }
}

/** The call waited as long as it was allowed to. Code `ERR_SOCKET_TIMEOUT`. */
export class TimeoutError extends SocketError {
  constructor(syscall: string, milliseconds: number, details: Partial<SocketErrorDetails> = {}) {
    super(`${syscall}: not done within ${milliseconds} ms`, { code: "ERR_SOCKET_TIMEOUT", syscall, ...details });
  }
}

/** The caller's AbortSignal fired; `cause` is its reason. Code `ABORT_ERR`, as in Node.js. */
export class AbortError extends SocketError {
  constructor(syscall: string, cause: unknown, details: Partial<SocketErrorDetails> = {}) {
    super(`${syscall}: aborted`, { code: "ABORT_ERR", syscall, cause, ...details });
  }
}

/** This platform lacks what was asked for. Code `ERR_UNSUPPORTED_PLATFORM`. */
export class UnsupportedError extends SocketError {
  constructor(message: string, cause?: unknown) {
    super(message, { code: "ERR_UNSUPPORTED_PLATFORM", cause });
  }
}

/** The ones that libuv knows have a meaning in words. */
const systemErrors: ReadonlyMap<number, [string, string]> = new Map([
  ...Object.entries(constants.errno).map(([name, errno]): [number, [string, string]] => [-errno, [name, "errno(3)"]]),
  ...(getSystemErrorMap() as Map<number, [string, string]>),
  [-constants.errno.EINPROGRESS, ["EINPROGRESS", "the connection is under way"]],
]);

/** Translates `-errno` of a system call. `about` is the address that was meant. */
export function systemError(syscall: string, errno: number, about?: object, bytesSent?: number): SocketError {
  const [code, meaning] = systemErrors.get(errno) ?? [`E${-errno}`, "unknown error"];
  const target: { address?: string; port?: number; path?: string } | undefined = about;
  const address = target?.path ?? target?.address;
  const where =
    address === undefined ? "" : target?.port === undefined ? ` ${address}` : ` ${hostAndPort(address, target.port)}`;
  return new SocketError(`${syscall} ${code}${where}: ${meaning}`, {
    code,
    errno,
    syscall,
    ...(address === undefined ? {} : { address }),
    ...(target?.port === undefined ? {} : { port: target.port }),
    ...(bytesSent === undefined ? {} : { bytesSent }),
  });
}

function hostAndPort(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
