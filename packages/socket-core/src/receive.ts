/** recv(2) and recvfrom(2), thin over readiness.ts. Arguments that do not fit reject; nothing was received then. */
import { constants as os } from "node:os";
import { type Address, type AnyAddress, addressBuffer, decodeAddress } from "./address.ts";
import { checkBuffer, checkFlags, checkInteger, checkWait, rangeError, type WaitOptions } from "./check.ts";
import { MSG_ERRQUEUE } from "./constants.ts";
import { systemError } from "./errors.ts";
import { native } from "./native.ts";
import { type Descriptor, READ } from "./readiness.ts";
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

const asCount = (count: number): number => count;

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

/** recv(2); an error that had to be taken out of the kernel's queue comes from where it was kept. */
function recv(d: Descriptor, buffer: Uint8Array, size: number, flags: number): number {
  const kept = flags !== 0 && (flags & MSG_ERRQUEUE) !== 0 && MSG_ERRQUEUE > 0 ? d.errors?.shift() : undefined;
  if (kept === undefined) return native.recv(d.fd, buffer, 0, size, flags);
  const part = kept.data.subarray(0, size);
  buffer.set(part);
  return part.length;
}

/** Only a large datagram needs more than the slab. */
function ownMemory(length: number): Buffer | null {
  return length > SLAB_SIZE ? Buffer.allocUnsafeSlow(Math.min(length, MAX_DATAGRAM)) : null;
}

export function receive(
  owner: object,
  d: Descriptor,
  length: number,
  options: ReceiveOptions | undefined,
): Promise<Buffer | null> {
  let flags: number;
  try {
    checkInteger("length", length, 1, MAX_LENGTH);
    flags = checkWait(options);
  } catch (error) {
    return Promise.reject(error);
  }
  // With flags, such as MSG_OOB, there may be something where an ordinary read found nothing.
  if (flags !== 0) d.drained = false;
  const own = d.stream ? null : ownMemory(length);
  const size = own === null ? Math.min(length, SLAB_SIZE) : own.length;
  return d.run(
    owner,
    READ,
    "recv",
    () => note(d, recv(d, own ?? receiveSlab(), size, flags), flags === 0 ? size : 0),
    (count) => {
      if (count === 0 && d.stream) return null;
      return own === null ? takeReceived(count) : own.subarray(0, count);
    },
    options,
  );
}

export function receiveInto(
  owner: object,
  d: Descriptor,
  buffer: Uint8Array,
  options: ReceiveOptions | undefined,
): Promise<number> {
  let flags: number;
  try {
    checkRoom(buffer);
    flags = checkWait(options);
  } catch (error) {
    return Promise.reject(error);
  }
  if (flags !== 0) d.drained = false;
  const { length } = buffer;
  return d.run(
    owner,
    READ,
    "recv",
    () => note(d, recv(d, buffer, length, flags), flags === 0 ? length : 0),
    asCount,
    options,
  );
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

export function receiveDatagram(
  owner: object,
  d: Descriptor,
  length: number,
  options: ReceiveOptions | undefined,
): Promise<Datagram> {
  let flags: number;
  try {
    checkInteger("length", length, 1, MAX_LENGTH);
    flags = checkWait(options);
  } catch (error) {
    return Promise.reject(error);
  }
  const own = ownMemory(length);
  const size = own?.length ?? length;
  return d.run(
    owner,
    READ,
    "recvfrom",
    () => note(d, native.recvfrom(d.fd, own ?? receiveSlab(), 0, size, flags, addressBuffer), 0),
    (count) => {
      const address = decodeAddress();
      return { data: own === null ? takeReceived(count) : own.subarray(0, count), address };
    },
    options,
  );
}

export function receiveDatagramInto(
  owner: object,
  d: Descriptor,
  buffer: Uint8Array,
  options: ReceiveOptions | undefined,
): Promise<{ length: number; address: Address }> {
  let flags: number;
  try {
    checkRoom(buffer);
    flags = checkWait(options);
  } catch (error) {
    return Promise.reject(error);
  }
  const { length: size } = buffer;
  return d.run(
    owner,
    READ,
    "recvfrom",
    () => note(d, native.recvfrom(d.fd, buffer, 0, size, flags, addressBuffer), 0),
    (length) => ({ length, address: decodeAddress() }),
    options,
  );
}

export function receiveDatagramNow(d: Descriptor, fd: number, length: number, flags: number): Datagram | null {
  checkInteger("length", length, 1, SLAB_SIZE);
  if (flags !== 0) checkFlags(flags);
  const count = note(d, native.recvfrom(fd, receiveSlab(), 0, length, flags, addressBuffer), 0);
  if (count === EAGAIN || count === EINTR) return null;
  if (count < 0) throw systemError("recvfrom", count);
  const address = decodeAddress();
  return { data: takeReceived(count), address };
}

function checkRoom(buffer: Uint8Array): void {
  if (checkBuffer("buffer", buffer).length === 0) throw rangeError("buffer", "at least one byte long", buffer);
}
