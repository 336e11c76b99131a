/** send(2), sendto(2) and writev(2), thin over readiness.ts. Arguments that do not fit reject; nothing was sent then. */
import { constants as os } from "node:os";
import { type AnyAddress, addressBuffer, encodeAddress } from "./address.ts";
import { nextDelay } from "./backoff.ts";
import { checkData, checkFlags, checkInteger, rangeError, typeError, type WaitOptions } from "./check.ts";
import { AF_UNIX } from "./constants.ts";
import { systemError } from "./errors.ts";
import { native } from "./native.ts";
import { defineCall, WRITE } from "./operation.ts";
import type { Descriptor } from "./readiness.ts";

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

/** What one sending call brings with it. */
interface Sending {
  data: string | Uint8Array;
  bytes: Uint8Array;
  flags: number;
  /** Bytes that the kernel has taken. */
  sent: number;
}

const nothing = new Uint8Array(0);

function checkSending(args: Sending, _: Descriptor, flags: number): void {
  args.bytes = checkData("data", args.data);
  args.flags = flags;
}

const sendCall = defineCall<Sending, number>({
  syscall: "send",
  direction: WRITE,
  check: checkSending,
  attempt: (d, { bytes, flags }) => native.send(d.fd, bytes, flags),
  finish: (count) => count,
});

const sendAllCall = defineCall<Sending, void>({
  syscall: "send",
  direction: WRITE,
  check: checkSending,
  attempt(d, args) {
    const { bytes, flags } = args;
    do {
      const count = native.send(d.fd, bytes, flags, args.sent);
      if (count < 0) return count;
      args.sent += count;
    } while (args.sent < bytes.length);
    return args.sent;
  },
  finish() {},
  progress: ({ sent }) => sent,
});

export function send(
  owner: object,
  d: Descriptor,
  data: string | Uint8Array,
  options: SendOptions | undefined,
): Promise<number> {
  return d.run(owner, sendCall, { data, bytes: nothing, flags: 0, sent: 0 }, options);
}

export function sendAll(
  owner: object,
  d: Descriptor,
  data: string | Uint8Array,
  options: SendOptions | undefined,
): Promise<void> {
  return d.run(owner, sendAllCall, { data, bytes: nothing, flags: 0, sent: 0 }, options);
}

export function sendNow(fd: number, data: string | Uint8Array, flags: number): number | null {
  const bytes = checkData("data", data);
  if (flags !== 0) checkFlags(flags);
  const count = native.send(fd, bytes, flags);
  if (count >= 0) return count;
  if (count === EAGAIN || count === EINTR) return null;
  throw systemError("send", count);
}

interface SendingTo extends Sending {
  family: number;
  address: AnyAddress;
  /** The buffer of addresses, which all calls share, still holds this one. */
  encoded: boolean;
  /** The last pause; 0: there was none. */
  delay: number;
}

const sendToCall = defineCall<SendingTo, number>({
  syscall: "sendto",
  direction: WRITE,
  check(args, d, flags) {
    checkSending(args, d, flags);
    encodeAddress(args.family, args.address);
  },
  attempt(d, { bytes, flags, family, address, encoded }) {
    if (!encoded) encodeAddress(family, address);
    return native.sendto(d.fd, bytes, flags, addressBuffer);
  },
  finish: (count) => count,
  target: ({ address }) => address,
});

/** When the queue of a Unix receiver is full, poll(2) goes on calling the sender writable: to wait for that would spin. */
const sendToUnixCall = defineCall<SendingTo, number>({
  ...sendToCall,
  attempt(d, args) {
    const count = sendToCall.attempt(d, args);
    return count === EAGAIN ? EALREADY : count;
  },
  retryAfter(errno, args) {
    if (errno !== EALREADY) return undefined;
    args.delay = nextDelay(args.delay, FULL_BACKOFF);
    return args.delay;
  },
});

export function sendTo(
  owner: Sender,
  d: Descriptor,
  data: string | Uint8Array,
  address: AnyAddress,
  options: SendOptions | undefined,
): Promise<number> {
  const { family } = owner;
  const args: SendingTo = { data, bytes: nothing, flags: 0, sent: 0, family, address, encoded: true, delay: 0 };
  const limit = options?.timeout === undefined ? d.timeout : options.timeout;
  const sending = d.run(owner, family === AF_UNIX && limit !== 0 ? sendToUnixCall : sendToCall, args, options);
  args.encoded = false;
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
  const count = native.sendto(fd, bytes, flags, addressBuffer);
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
