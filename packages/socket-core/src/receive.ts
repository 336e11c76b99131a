/** recv(2) and recvfrom(2), thin over readiness.ts. Arguments that do not fit reject; nothing was received then. */
import { constants as os } from "node:os";
import { type Address, type AnyAddress, addressBuffer, decodeAddress } from "./address.ts";
import { checkBuffer, checkFlags, checkInteger, rangeError, type WaitOptions } from "./check.ts";
import { MSG_ERRQUEUE } from "./constants.ts";
import { systemError } from "./errors.ts";
import { native } from "./native.ts";
import { type Call, defineCall, ERRORS, READ } from "./operation.ts";
import type { Descriptor } from "./readiness.ts";
import { receiveSlab, SLAB_SIZE, takeReceived } from "./receive-buffer.ts";

/** What the receiving calls take. */
export interface ReceiveOptions extends WaitOptions {
  /** MSG_… flags of recv(2), such as `MSG_PEEK`. Default 0. */
  flags?: number;
}

/** A received datagram. */
export interface Datagram<A extends AnyAddress = Address> {
  /** Its payload, in memory of its own; empty for an empty datagram. */
  data: Buffer;
  /** The sender's address. */
  address: A;
}

const EAGAIN = -os.errno.EAGAIN;
const EINTR = -os.errno.EINTR;
const ENOTCONN = -os.errno.ENOTCONN;
const MAX_LENGTH = 2 ** 31 - 1;
/** No datagram is larger, whatever the caller allows: so much memory is reserved at most. */
const MAX_DATAGRAM = 16 * 1024 * 1024;

/** A stream that never had a peer reads as if it were at its end; that is no end. */
function end(d: Descriptor): number {
  if (!d.connected && native.getpeername(d.fd, addressBuffer) < 0) return ENOTCONN;
  d.ended = true;
  return 0;
}

/** Notes what a read of a stream tells about the reads after it. */
function note(d: Descriptor, count: number, length: number): number {
  if (d.stream) {
    if (count === 0) return end(d);
    if (count > 0 && count < length) d.drained = true;
  }
  return count;
}

/** Whether the error queue is asked for, and not the data. */
function wantsErrors(flags: number | undefined): boolean {
  return typeof flags === "number" && MSG_ERRQUEUE > 0 && (flags & MSG_ERRQUEUE) !== 0;
}

/** The oldest error that had to be taken out of the kernel's queue, whose address goes to `addressBuffer`; or -1. */
function keptError(d: Descriptor, buffer: Uint8Array, size: number, flags: number): number {
  const kept = wantsErrors(flags) ? d.extras?.errors?.shift() : undefined;
  if (kept === undefined) return -1;
  const part = kept.data.subarray(0, size);
  buffer.set(part);
  addressBuffer.set(kept.address);
  return part.length;
}

/** recv(2); an error that had to be taken out of the kernel's queue comes from where it was kept. */
function recv(d: Descriptor, buffer: Uint8Array, size: number, flags: number): number {
  const kept = flags === 0 ? -1 : keptError(d, buffer, size, flags);
  return kept < 0 ? native.recv(d.fd, buffer, size, flags) : kept;
}

/** recvfrom(2), likewise. */
function recvfrom(d: Descriptor, buffer: Uint8Array, size: number, flags: number): number {
  const kept = flags === 0 ? -1 : keptError(d, buffer, size, flags);
  return kept < 0 ? native.recvfrom(d.fd, buffer, size, flags, addressBuffer) : kept;
}

/** What one receiving call brings with it. */
interface Receiving {
  /** The caller's memory, or what a large datagram needs; null: the slab that all sockets share. */
  buffer: Uint8Array | null;
  /** Bytes that are wanted at most. */
  length: number;
  flags: number;
  /** Nothing is the end, and not an empty datagram. */
  stream: boolean;
}

/** Most reads of a stream want what there is: they share their arguments. */
const whatThereIs: Receiving = { buffer: null, length: SLAB_SIZE, flags: 0, stream: true };

function checkReceiving(args: Receiving, d: Descriptor, flags: number): void {
  if (args === whatThereIs) return;
  checkInteger("length", args.length, 1, MAX_LENGTH);
  args.flags = flags;
  // With flags, such as MSG_OOB, there may be something where an ordinary read found nothing.
  if (flags !== 0) d.drained = false;
  if (!d.stream && args.length > SLAB_SIZE) args.buffer = Buffer.allocUnsafeSlow(Math.min(args.length, MAX_DATAGRAM));
  args.length = Math.min(args.length, args.buffer?.length ?? SLAB_SIZE);
}

function checkReceivingInto(args: Receiving, d: Descriptor, flags: number): void {
  checkRoom(args.buffer);
  args.length = args.buffer!.length;
  args.flags = flags;
  if (flags !== 0) d.drained = false;
}

function attemptReceiving(d: Descriptor, { buffer, length, flags }: Receiving): number {
  return note(d, recv(d, buffer ?? receiveSlab(), length, flags), flags === 0 ? length : 0);
}

/** What was received, in memory of its own. */
function taken(count: number, { buffer }: Receiving): Buffer {
  return buffer === null ? takeReceived(count) : (buffer as Buffer).subarray(0, count);
}

const recvCall = defineCall<Receiving, Buffer | null>({
  syscall: "recv",
  direction: READ,
  check: checkReceiving,
  attempt: attemptReceiving,
  finish: (count, args) => (count === 0 && args.stream ? null : taken(count, args)),
});

const chunkCall = defineCall<Receiving, IteratorResult<Buffer, undefined>>({
  ...recvCall,
  finish(count, args) {
    return count === 0 && args.stream ? { value: undefined, done: true } : { value: taken(count, args), done: false };
  },
});

const recvIntoCall = defineCall<Receiving, number>({
  syscall: "recv",
  direction: READ,
  check: checkReceivingInto,
  attempt: attemptReceiving,
  finish: (count) => count,
});

function attemptDatagram(d: Descriptor, { buffer, length, flags }: Receiving): number {
  return note(d, recvfrom(d, buffer ?? receiveSlab(), length, flags), 0);
}

const recvfromCall = defineCall<Receiving, Datagram>({
  syscall: "recvfrom",
  direction: READ,
  check: checkReceiving,
  attempt: attemptDatagram,
  finish(count, args) {
    const address = decodeAddress();
    return { data: taken(count, args), address };
  },
});

const recvfromIntoCall = defineCall<Receiving, { length: number; address: Address }>({
  syscall: "recvfrom",
  direction: READ,
  check: checkReceivingInto,
  attempt: attemptDatagram,
  finish: (length) => ({ length, address: decodeAddress() }),
});

/** The error queue is read beside the data: what is readable says nothing about it, and to wait for that would spin. */
function beside<T>(data: Call<Receiving, T>): (options: ReceiveOptions | undefined) => Call<Receiving, T> {
  const errors: Call<Receiving, T> = { ...data, direction: ERRORS };
  return (options) => (wantsErrors(options?.flags) ? errors : data);
}

const recvCallFor = beside(recvCall);
const recvIntoCallFor = beside(recvIntoCall);
const recvfromCallFor = beside(recvfromCall);
const recvfromIntoCallFor = beside(recvfromIntoCall);

/** The arguments of a call that receives into memory of ours. */
function receiving(d: Descriptor, length: number, options: ReceiveOptions | undefined): Receiving {
  if (d.stream && length === SLAB_SIZE && options?.flags === undefined) return whatThereIs;
  return { buffer: null, length, flags: 0, stream: d.stream };
}

/** The arguments of a call that receives into the caller's. */
function receivingInto(d: Descriptor, buffer: Uint8Array): Receiving {
  return { buffer, length: 0, flags: 0, stream: d.stream };
}

export function receive(
  owner: object,
  d: Descriptor,
  length: number,
  options: ReceiveOptions | undefined,
): Promise<Buffer | null> {
  return d.run(owner, recvCallFor(options), receiving(d, length, options), options);
}

/** The next piece of a stream as an iteration has it. */
export function receiveChunk(
  owner: object,
  d: Descriptor,
  options: ReceiveOptions | undefined,
): Promise<IteratorResult<Buffer, undefined>> {
  return d.run(owner, chunkCall, receiving(d, SLAB_SIZE, options), options);
}

export function receiveInto(
  owner: object,
  d: Descriptor,
  buffer: Uint8Array,
  options: ReceiveOptions | undefined,
): Promise<number> {
  return d.run(owner, recvIntoCallFor(options), receivingInto(d, buffer), options);
}

export function receiveDatagram(
  owner: object,
  d: Descriptor,
  length: number,
  options: ReceiveOptions | undefined,
): Promise<Datagram> {
  return d.run(owner, recvfromCallFor(options), receiving(d, length, options), options);
}

export function receiveDatagramInto(
  owner: object,
  d: Descriptor,
  buffer: Uint8Array,
  options: ReceiveOptions | undefined,
): Promise<{ length: number; address: Address }> {
  return d.run(owner, recvfromIntoCallFor(options), receivingInto(d, buffer), options);
}

export function receiveNow(d: Descriptor, buffer: Uint8Array, flags: number): number | null {
  checkRoom(buffer);
  if (flags !== 0) checkFlags(flags);
  const received = recv(d, buffer, buffer.length, flags);
  const count = received === 0 && d.stream ? end(d) : received;
  if (count >= 0) return count;
  if (count === EAGAIN || count === EINTR) return null;
  throw systemError("recv", count);
}

export function receiveDatagramNow(d: Descriptor, fd: number, length: number, flags: number): Datagram | null {
  checkInteger("length", length, 1, SLAB_SIZE);
  if (flags !== 0) checkFlags(flags);
  const count = note(d, native.recvfrom(fd, receiveSlab(), length, flags, addressBuffer), 0);
  if (count === EAGAIN || count === EINTR) return null;
  if (count < 0) throw systemError("recvfrom", count);
  const address = decodeAddress();
  return { data: takeReceived(count), address };
}

function checkRoom(buffer: unknown): void {
  if (checkBuffer("buffer", buffer).length === 0) throw rangeError("buffer", "at least one byte long", buffer);
}
