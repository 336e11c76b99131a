/** recvmsg(2) and sendmsg(2): several buffers, ancillary data and flags; descriptors to and from other processes. */
import { constants as os } from "node:os";
import { type Address, addressBuffer, decodeAddress, encodeAddress } from "./address.ts";
import {
  type Ancillary,
  type AncillaryMessage,
  ancillarySpace,
  decodeAncillary,
  encodeAncillary,
  isRights,
  MAX_DESCRIPTORS,
  type PassedDescriptor,
  parseAncillary,
  rights,
} from "./ancillary.ts";
import { checkBuffer, checkData, checkInteger, rangeError, typeError } from "./check.ts";
import { AF_UNIX, MSG_CTRUNC, MSG_ERRQUEUE } from "./constants.ts";
import { SocketError, systemError } from "./errors.ts";
import { layout, META, native } from "./native.ts";
import { type Call, defineCall, ERRORS, READ, WRITE } from "./operation.ts";
import type { Descriptor } from "./readiness.ts";
import type { ReceiveOptions } from "./receive.ts";
import { receiveSlab, SLAB_SIZE, takeReceived } from "./receive-buffer.ts";
import type { SendOptions } from "./send.ts";

/** What came beside the bytes of a message. */
export interface MessageDetails {
  /** The ancillary data that this package knows, decoded; received descriptors are closed if nobody takes them. */
  ancillary: Ancillary;
  /** All ancillary data but descriptors, as the kernel has it. */
  items: AncillaryMessage[];
  /** MSG_ flags: `MSG_TRUNC` (the datagram was longer), `MSG_CTRUNC` (so was the ancillary data), `MSG_EOR` … */
  flags: number;
  /** The sender; of a stream, an unnamed address. */
  address: Address;
}

/** What `recvmsg` gives. */
export interface Message extends MessageDetails {
  /** Empty at the end of a stream, and for an empty datagram. */
  data: Buffer;
}

/** What `recvmsgInto` gives. */
export interface MessageInto extends MessageDetails {
  /** Bytes that were received, over all buffers. */
  length: number;
}

/** What `sendmsg` takes besides the data. */
export interface MessageOptions extends SendOptions {
  /** Ancillary data; see `rights`, `packetInfo`, `timeToLive`, `typeOfService`. */
  ancillary?: readonly AncillaryMessage[];
  /** Where to, on a datagram socket that is not connected. */
  address?: Address;
}

/** What `recvFds` gives. */
export interface ReceivedDescriptors {
  data: Buffer;
  /** Each is closed unless it is taken. */
  descriptors: PassedDescriptor[];
  flags: number;
}

const MAX_LENGTH = 2 ** 31 - 1;
/** The kernel's net.core.optmem_max bounds ancillary data; nothing that comes in is longer. */
const MAX_ANCILLARY = 64 * 1024;
const EAGAIN = -os.errno.EAGAIN;
const EINTR = -os.errno.EINTR;

const meta = new Int32Array(META.size);
const metaBytes = new Uint8Array(meta.buffer);
const noControl = new Uint8Array(0);

/** One recvmsg(2), unless the error queue is asked for and had to be emptied before: then its oldest entry. */
function receive(d: Descriptor, buffers: readonly Uint8Array[], flags: number, control: Uint8Array): number {
  const error = MSG_ERRQUEUE > 0 && (flags & MSG_ERRQUEUE) !== 0 ? d.extras?.errors?.shift() : undefined;
  if (error === undefined) return native.recvmsg(d.fd, buffers, flags, control, metaBytes, addressBuffer);
  let length = 0;
  for (const buffer of buffers) {
    const part = error.data.subarray(length, length + buffer.length);
    buffer.set(part);
    length += part.length;
  }
  const fits = Math.min(error.control.length, control.length);
  control.set(error.control.subarray(0, fits));
  meta[META.control] = fits;
  meta[META.flags] = error.flags | (fits < error.control.length ? MSG_CTRUNC : 0);
  addressBuffer.set(error.address);
  return length;
}

function details(control: Uint8Array): MessageDetails {
  const items = decodeAncillary(control.subarray(0, meta[META.control]));
  return {
    ancillary: parseAncillary(items),
    items: items.filter((item) => !isRights(item)),
    flags: meta[META.flags]!,
    address: decodeAddress(),
  };
}

function controlOf(length: number): Uint8Array {
  checkInteger("ancillaryLength", length, 0, MAX_ANCILLARY);
  return length === 0 ? noControl : new Uint8Array(length);
}

/** What one receiving call brings with it. */
interface ReceivingMessage {
  /** Of the caller, or what a large message needs; null: the slab that all sockets share. */
  buffers: readonly Uint8Array[] | null;
  length: number;
  flags: number;
  ancillaryLength: number;
  control: Uint8Array;
}

const recvmsgCall = defineCall<ReceivingMessage, Message>({
  syscall: "recvmsg",
  direction: READ,
  check(args, _, flags) {
    checkInteger("length", args.length, 1, MAX_LENGTH);
    args.control = controlOf(args.ancillaryLength);
    args.flags = flags;
    if (args.length > SLAB_SIZE) args.buffers = [Buffer.allocUnsafeSlow(args.length)];
  },
  attempt(d, { buffers, length, flags, control }) {
    return receive(d, buffers ?? [receiveSlab().subarray(0, length)], flags, control);
  },
  finish(count, { buffers, length, control }) {
    const rest = details(control);
    // With MSG_TRUNC the count is that of the datagram, which may be longer than the buffer.
    const received = Math.min(count, length);
    return { data: buffers === null ? takeReceived(received) : (buffers[0] as Buffer).subarray(0, received), ...rest };
  },
});

const recvmsgIntoCall = defineCall<ReceivingMessage, MessageInto>({
  syscall: "recvmsg",
  direction: READ,
  check(args, _, flags) {
    checkBuffers(args.buffers);
    args.control = controlOf(args.ancillaryLength);
    args.flags = flags;
  },
  attempt: (d, { buffers, flags, control }) => receive(d, buffers!, flags, control),
  finish: (length, { control }) => ({ length, ...details(control) }),
});

/** The error queue is read beside the data. */
function beside<T>(call: Call<ReceivingMessage, T>): { data: typeof call; errors: typeof call } {
  return { data: call, errors: { ...call, direction: ERRORS } };
}

const recvmsgCalls = beside(recvmsgCall);
const recvmsgIntoCalls = beside(recvmsgIntoCall);

function kind(options: ReceiveOptions | undefined): "data" | "errors" {
  return MSG_ERRQUEUE > 0 && ((options?.flags ?? 0) & MSG_ERRQUEUE) !== 0 ? "errors" : "data";
}

export function receiveMessage(
  owner: object,
  d: Descriptor,
  length: number,
  ancillaryLength: number,
  options: ReceiveOptions | undefined,
): Promise<Message> {
  const args = { buffers: null, length, flags: 0, ancillaryLength, control: noControl };
  return d.run(owner, recvmsgCalls[kind(options)], args, options);
}

export function receiveMessageInto(
  owner: object,
  d: Descriptor,
  buffers: readonly Uint8Array[],
  ancillaryLength: number,
  options: ReceiveOptions | undefined,
): Promise<MessageInto> {
  const args = { buffers, length: 0, flags: 0, ancillaryLength, control: noControl };
  return d.run(owner, recvmsgIntoCalls[kind(options)], args, options);
}

function checkBuffers(buffers: unknown): void {
  if (!Array.isArray(buffers)) throw typeError("buffers", "an array of Uint8Array", buffers);
  if (buffers.length < 1 || buffers.length > layout.maxVectors) {
    throw rangeError("buffers", `1 to ${layout.maxVectors} buffers`, buffers);
  }
  for (const buffer of buffers) checkBuffer("buffer", buffer);
}

/** What one sending call brings with it. */
interface SendingMessage {
  family: number;
  data: string | Uint8Array | readonly (string | Uint8Array)[];
  options: MessageOptions;
  buffers: Uint8Array[];
  control: Uint8Array | null;
  flags: number;
}

const sendmsgCall = defineCall<SendingMessage, number>({
  syscall: "sendmsg",
  direction: WRITE,
  check(args, _, flags) {
    const { data, family } = args;
    const { ancillary, address } = args.options;
    args.buffers = (Array.isArray(data) ? data : [data]).map((part) => checkData("data", part));
    checkBuffers(args.buffers);
    args.flags = flags;
    if (ancillary !== undefined && ancillary.length !== 0) args.control = encodeAncillary(ancillary);
    if (address !== undefined) encodeAddress(family, address);
  },
  attempt(d, { family, buffers, flags, control, options: { address } }) {
    if (address !== undefined) encodeAddress(family, address);
    return native.sendmsg(d.fd, buffers, flags, control, address === undefined ? null : addressBuffer);
  },
  finish: (count) => count,
  target: ({ options }) => options.address,
});

export function sendMessage(
  owner: { readonly family: number },
  d: Descriptor,
  data: string | Uint8Array | readonly (string | Uint8Array)[],
  options: MessageOptions = {},
): Promise<number> {
  const args = { family: owner.family, data, options, buffers: [], control: null, flags: 0 };
  return d.run(owner, sendmsgCall, args, options);
}

export function sendDescriptors(
  owner: { readonly family: number },
  d: Descriptor,
  data: string | Uint8Array,
  descriptors: readonly number[],
  options: SendOptions | undefined,
): Promise<number> {
  try {
    checkUnix(owner.family);
    // A stream carries descriptors with a byte of data; without one they would be lost.
    if (checkData("data", data).length === 0) throw rangeError("data", "at least one byte long", data);
    return sendMessage(owner, d, data, { ...options, ancillary: [rights(descriptors)] });
  } catch (error) {
    return Promise.reject(error);
  }
}

export async function receiveDescriptors(
  owner: { readonly family: number },
  d: Descriptor,
  length: number,
  max: number,
  options: ReceiveOptions | undefined,
): Promise<ReceivedDescriptors> {
  checkUnix(owner.family);
  checkInteger("max", max, 1, MAX_DESCRIPTORS);
  const { data, ancillary, flags } = await receiveMessage(owner, d, length, ancillarySpace(max * 4), options);
  const descriptors = ancillary.descriptors ?? [];
  // The kernel rounds the room up, so there may be one more than was asked for.
  if ((flags & MSG_CTRUNC) !== 0 || descriptors.length > max) {
    for (const descriptor of descriptors) descriptor.close();
    throw new SocketError(`recvmsg: the peer passed more than ${max} descriptors; all were closed`, {
      code: "ERR_SOCKET_TRUNCATED",
      syscall: "recvmsg",
    });
  }
  return { data, descriptors, flags };
}

function checkUnix(family: number): void {
  if (family !== AF_UNIX) throw rangeError("family", "AF_UNIX to pass descriptors", family);
}

/** A message if there is one now, else `null`. */
export function receiveMessageNow(
  d: Descriptor,
  length: number,
  ancillaryLength: number,
  flags: number,
): Message | null {
  checkInteger("length", length, 1, SLAB_SIZE);
  const control = controlOf(ancillaryLength);
  const count = receive(d, [receiveSlab().subarray(0, length)], flags, control);
  if (count === EAGAIN || count === EINTR) return null;
  if (count < 0) throw systemError("recvmsg", count);
  const rest = details(control);
  return { data: takeReceived(Math.min(count, length)), ...rest };
}
