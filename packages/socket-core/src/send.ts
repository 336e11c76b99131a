/** send(2), sendto(2) and writev(2), thin over readiness.ts. Arguments that do not fit reject; nothing was sent then. */
import { constants as os } from "node:os";
import { type AnyAddress, addressBuffer, encodeAddress } from "./address.ts";
import { backoff } from "./backoff.ts";
import { checkData, checkFlags, checkInteger, checkWait, rangeError, typeError, type WaitOptions } from "./check.ts";
import { AF_UNIX } from "./constants.ts";
import { systemError } from "./errors.ts";
import { native } from "./native.ts";
import { type Descriptor, WRITE } from "./readiness.ts";

/** What the sending calls take. */
export interface SendOptions extends WaitOptions {
  /** MSG_… flags of send(2). `MSG_NOSIGNAL` is always set. Default 0. */
  flags?: number;
}

/** Whoever sends to addresses. */
interface Sender {
  readonly family: number;
}

const EAGAIN = -os.errno.EAGAIN;
const EALREADY = -os.errno.EALREADY;
const EINTR = -os.errno.EINTR;
/** The first pause before another try to reach a Unix receiver whose queue is full, in milliseconds. */
const FULL_BACKOFF = 1;

const asCount = (count: number): number => count;
const asNothing = (): void => {};

export function send(
  owner: object,
  d: Descriptor,
  data: string | Uint8Array,
  options: SendOptions | undefined,
): Promise<number> {
  let bytes: Uint8Array;
  let flags: number;
  try {
    bytes = checkData("data", data);
    flags = checkWait(options);
  } catch (error) {
    return Promise.reject(error);
  }
  const { length } = bytes;
  return d.run(owner, WRITE, "send", () => native.send(d.fd, bytes, 0, length, flags), asCount, options);
}

export function sendAll(
  owner: object,
  d: Descriptor,
  data: string | Uint8Array,
  options: SendOptions | undefined,
): Promise<void> {
  let bytes: Uint8Array;
  let flags: number;
  try {
    bytes = checkData("data", data);
    flags = checkWait(options);
  } catch (error) {
    return Promise.reject(error);
  }
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
  return d.run(owner, WRITE, "send", attempt, asNothing, options, { progress: () => sent });
}

export function sendNow(fd: number, data: string | Uint8Array, flags: number): number | null {
  const bytes = checkData("data", data);
  if (flags !== 0) checkFlags(flags);
  const count = native.send(fd, bytes, 0, bytes.length, flags);
  if (count >= 0) return count;
  if (count === EAGAIN || count === EINTR) return null;
  throw systemError("send", count);
}

export function sendTo(
  owner: Sender,
  d: Descriptor,
  data: string | Uint8Array,
  address: AnyAddress,
  options: SendOptions | undefined,
): Promise<number> {
  let bytes: Uint8Array;
  let flags: number;
  try {
    bytes = checkData("data", data);
    flags = checkWait(options);
    encodeAddress(owner.family, address);
  } catch (error) {
    return Promise.reject(error);
  }
  const { length } = bytes;
  // The buffer of the address is shared: a call that waited writes it again.
  let written = true;
  const attempt = (): number => {
    if (!written) encodeAddress(owner.family, address);
    return native.sendto(d.fd, bytes, 0, length, flags, addressBuffer);
  };
  // When the queue of a Unix receiver is full, poll(2) goes on calling the sender writable: to wait for that would spin.
  const limit = options?.timeout === undefined ? d.timeout : options.timeout;
  const spins = owner.family === AF_UNIX && limit !== 0;
  const attemptUnix = (): number => {
    const count = attempt();
    return count === EAGAIN ? EALREADY : count;
  };
  const sending = d.run(owner, WRITE, "sendto", spins ? attemptUnix : attempt, asCount, options, {
    target: address,
    ...(spins ? { retryAfter: backoff(FULL_BACKOFF, (errno) => errno === EALREADY) } : {}),
  });
  written = false;
  return sending;
}

export function sendToNow(
  owner: Sender,
  fd: number,
  data: string | Uint8Array,
  address: AnyAddress,
  flags: number,
): number | null {
  const bytes = checkData("data", data);
  if (flags !== 0) checkFlags(flags);
  encodeAddress(owner.family, address);
  const count = native.sendto(fd, bytes, 0, bytes.length, flags, addressBuffer);
  if (count >= 0) return count;
  if (count === EAGAIN || count === EINTR) return null;
  throw systemError("sendto", count, address);
}

export function sendVectorNow(
  fd: number,
  buffers: readonly Uint8Array[],
  first: number,
  offset: number,
): number | null {
  if (!Array.isArray(buffers)) throw typeError("buffers", "an array of Uint8Array", buffers);
  if (buffers.length === 0) throw rangeError("buffers", "at least one Uint8Array long", buffers);
  checkInteger("first", first, 0, buffers.length - 1);
  if (offset !== 0) checkInteger("offset", offset, 0, buffers[first]!.length);
  const count = native.sendv(fd, buffers, first, offset);
  if (count >= 0) return count;
  if (count === EAGAIN || count === EINTR) return null;
  throw systemError("sendmsg", count);
}
