/** connect(2) of one socket to one address. */
import { constants as os } from "node:os";
import { type Address, addressBuffer, encodeAddress } from "./address.ts";
import { nextDelay } from "./backoff.ts";
import { checkWait, type WaitOptions } from "./check.ts";
import { MSG_PEEK, SO_ERROR, SOL_SOCKET } from "./constants.ts";
import { AbortError, BusyError, ClosedError, systemError, TimeoutError } from "./errors.ts";
import { native } from "./native.ts";
import { defineCall, WRITE } from "./operation.ts";
import type { Descriptor } from "./readiness.ts";
import { type HostAddress, resolveHost } from "./resolve.ts";

const EAGAIN = -os.errno.EAGAIN;
const EALREADY = -os.errno.EALREADY;
const EINTR = -os.errno.EINTR;
const EINPROGRESS = -os.errno.EINPROGRESS;
const EISCONN = -os.errno.EISCONN;
const ENOTCONN = -os.errno.ENOTCONN;
/** The first pause before another try to enter the full queue of a Unix listener, in milliseconds. */
const FULL_BACKOFF = 10;

const errorNumber = new Int32Array(1);
const errorBytes = new Uint8Array(errorNumber.buffer);
const peeked = new Uint8Array(1);

/** SO_ERROR tells how it ended. No error and no peer: it has not, unless another call took the error away. */
function outcome(d: Descriptor): number {
  const status = native.getsockopt(d.fd, SOL_SOCKET, SO_ERROR, errorBytes);
  if (status < 0) return status;
  if (errorNumber[0] !== 0) return -errorNumber[0]!;
  if (native.getpeername(d.fd, addressBuffer) !== ENOTCONN) return 0;
  return native.recv(d.fd, peeked, 1, MSG_PEEK) === ENOTCONN ? ENOTCONN : EAGAIN;
}

interface Connected {
  readonly target: Address;
}

/** A connection that has begun: readiness tells when it stands or failed. */
const begunCall = defineCall<Connected, void>({
  syscall: "connect",
  direction: WRITE,
  attempt: outcome,
  finish() {},
  waitFirst: true,
  first: true,
  target: ({ target }) => target,
});

interface Entering extends Connected {
  readonly family: number;
  delay: number;
}

/** A Unix listener whose queue was full: readiness does not tell when to try again. */
const enterCall = defineCall<Entering, void>({
  syscall: "connect",
  direction: WRITE,
  attempt(d, { family, target }) {
    encodeAddress(family, target);
    const status = native.connect(d.fd, addressBuffer);
    return status === EAGAIN ? EALREADY : status;
  },
  finish() {},
  target: ({ target }) => target,
  retryAfter(errno, args) {
    if (errno !== EALREADY) return undefined;
    args.delay = nextDelay(args.delay, FULL_BACKOFF);
    return args.delay;
  },
});

/** Whoever connects. */
interface Connecting {
  readonly family: number;
  close(): void;
}

/**
 * Resolves the address if it is a name, and connects: the address of the peer (a datagram socket has it at once). Closes
 * `owner` when a connection that had begun is aborted or times out, because its state is unknown then.
 */
export async function connect(
  owner: Connecting,
  d: Descriptor,
  address: Address | HostAddress,
  options: WaitOptions | undefined,
): Promise<Address> {
  checkWait(options);
  if (d.fd < 0) throw new ClosedError("connect");
  if (options?.signal?.aborted) throw new AbortError("connect", options.signal.reason);
  const limit = options?.timeout === undefined ? d.timeout : options.timeout;
  let target = address as Address;
  let wait: WaitOptions = { signal: options?.signal, timeout: limit };
  if ("host" in Object(address)) {
    const begun = performance.now();
    const timeout = limit || null;
    target = await resolveHost(address as HostAddress, owner.family, { signal: wait.signal, timeout });
    if (d.fd < 0) throw new ClosedError("connect");
    if (timeout !== null) wait = { ...wait, timeout: Math.max(1, timeout - (performance.now() - begun)) };
  }
  encodeAddress(owner.family, target);
  try {
    await connectNow(owner, d, target, wait);
  } catch (error) {
    if (error instanceof AbortError || error instanceof TimeoutError) owner.close();
    throw error;
  }
  d.connected = true;
  return target;
}

/** One attempt at the address in `addressBuffer`. */
async function connectNow(owner: Connecting, d: Descriptor, target: Address, wait: WaitOptions): Promise<void> {
  if (d.stream && d.isWaiting(WRITE)) throw new BusyError("connect", "another call already waits on this socket");
  // Linux lets the second call pass where the first one had to wait.
  if (d.stream && d.connected) throw systemError("connect", EISCONN, target);
  const status = native.connect(d.fd, addressBuffer);
  if (status >= 0) return;
  const full = status === EAGAIN;
  if (wait.timeout === 0 || (!full && status !== EINTR && status !== EINPROGRESS)) {
    throw systemError("connect", status, target);
  }
  if (full) return d.run(owner, enterCall, { target, family: owner.family, delay: 0 }, wait);
  // Nothing can have arrived; and a read that came first would take SO_ERROR away.
  d.drained = true;
  return d.run(owner, begunCall, { target }, wait);
}
