/** Datagrams by the batch, recvmmsg(2) and sendmmsg(2): one system call and no object for up to 64 of them. */
import { type Address, addressBuffer, decodeAddress, encodeAddress } from "./address.ts";
import { type Ancillary, decodeAncillary, parseAncillary } from "./ancillary.ts";
import { capabilities } from "./capabilities.ts";
import { checkData, checkInteger, rangeError, typeError, type WaitOptions } from "./check.ts";
import { MSG_TRUNC, SOL_UDP, UDP_GRO } from "./constants.ts";
import { layout, META, native } from "./native.ts";
import { defineCall, READ } from "./operation.ts";
import type { Descriptor } from "./readiness.ts";

/** The most datagrams in one call. */
export const MAX_BATCH: number = layout.maxBatch;
/** The most that libpcap keeps of a frame (MAXIMUM_SNAPLEN); a datagram of IPv4 or IPv6 is at most a quarter of it. */
const MAX_SLOT = 256 * 1024;

/**
 * Memory for datagrams that are received together. `Socket.tryReceiveMany` fills it; the accessors read it until it is
 * filled again.
 */
export class ReceiveBatch {
  /** How many datagrams it can hold, 1 to 64. */
  readonly capacity: number;
  /** The room for each, in bytes; a longer datagram is cut, and `truncated` says so. */
  readonly slotSize: number;
  /** How many datagrams it holds. */
  length = 0;
  readonly #slab: Buffer;
  readonly #records: Uint8Array;
  readonly #integers: Int32Array;
  readonly #meta: Int32Array;
  readonly #metaBytes: Uint8Array;

  /** Defaults: 32 datagrams of 2,048 bytes. Throws RangeError. */
  constructor(capacity = 32, slotSize = 2048) {
    this.capacity = checkInteger("capacity", capacity, 1, MAX_BATCH);
    this.slotSize = checkInteger("slotSize", slotSize, 1, MAX_SLOT);
    this.#slab = Buffer.allocUnsafeSlow(capacity * slotSize);
    this.#records = new Uint8Array(capacity * layout.batchRecord);
    this.#integers = new Int32Array(this.#records.buffer);
    this.#meta = new Int32Array(capacity * META.size);
    this.#metaBytes = new Uint8Array(this.#meta.buffer);
  }

  /** One recvmmsg(2): how many, or -errno. */
  receive(fd: number): number {
    const { capacity, slotSize } = this;
    const count = native.recvmmsg(fd, this.#slab, slotSize, capacity, this.#records, this.#metaBytes);
    this.length = Math.max(0, count);
    return count;
  }

  #at(index: number): number {
    if (!(index >= 0 && index < this.length)) throw rangeError("index", `from 0 to ${this.length - 1}`, index);
    return index * META.size;
  }

  /** The memory of all datagrams: datagram i starts at `offset(i)` and has `size(i)` bytes. */
  get bytes(): Buffer {
    return this.#slab;
  }

  offset(index: number): number {
    this.#at(index);
    return index * this.slotSize;
  }

  /** Bytes of a datagram, as far as they fit. */
  size(index: number): number {
    return Math.min(this.#meta[this.#at(index)]!, this.slotSize);
  }

  /** A view of a datagram's bytes; they change when the batch is filled again. */
  data(index: number): Buffer {
    const start = this.offset(index);
    return this.#slab.subarray(start, start + this.size(index));
  }

  /** Whether a datagram was longer than its slot. */
  truncated(index: number): boolean {
    return (this.#meta[this.#at(index) + META.flags]! & MSG_TRUNC) !== 0;
  }

  /** The sender of a datagram. */
  address(index: number): Address {
    const length = Math.min(this.#meta[this.#at(index) + META.address]!, layout.batchAddress);
    const start = index * layout.batchRecord;
    new Uint32Array(addressBuffer.buffer, 0, 1)[0] = length;
    addressBuffer.set(this.#records.subarray(start, start + layout.batchAddress), 4);
    return decodeAddress();
  }

  /** The size of the datagrams that the kernel put together (UDP_GRO), or undefined where it did not. */
  segmentSize(index: number): number | undefined {
    const at = this.ancillaryOffset(index, SOL_UDP, UDP_GRO);
    return at < 0 ? undefined : this.#integers[at >> 2];
  }

  /** The memory of all senders and ancillary data as the kernel wrote it: see `addressOffset` and `ancillaryOffset`. */
  get records(): Uint8Array {
    return this.#records;
  }

  /** Where in `records` the `sockaddr` of a datagram's sender starts. */
  addressOffset(index: number): number {
    this.#at(index);
    return index * layout.batchRecord;
  }

  /**
   * Where in `records` the data of a datagram's first item of ancillary data with this level and type starts, or -1
   * where there is none: for what is asked of every datagram, as `ancillary` makes objects.
   */
  ancillaryOffset(index: number, level: number, type: number): number {
    const length = this.#meta[this.#at(index) + META.control]!;
    const integers = this.#integers;
    const { cmsgHeader, cmsgLengthSize, cmsgAlign } = layout;
    // Items are aligned to their length field.
    let at = index * layout.batchRecord + layout.batchAddress;
    const end = at + length;
    while (end - at > cmsgHeader) {
      // Lengths are small, so the half that holds them is enough; batches are of little-endian platforms.
      const size = integers[at >> 2]!;
      const name = (at + cmsgLengthSize) >> 2;
      if (size < cmsgHeader || size > end - at) return -1;
      if (integers[name] === level && integers[name + 1] === type) return at + cmsgHeader;
      at += Math.ceil(size / cmsgAlign) * cmsgAlign;
    }
    return -1;
  }

  /** What came beside a datagram. */
  ancillary(index: number): Ancillary {
    const length = this.#meta[this.#at(index) + META.control]!;
    if (length === 0) return {};
    const start = index * layout.batchRecord + layout.batchAddress;
    return parseAncillary(decodeAncillary(this.#records.subarray(start, start + length)));
  }
}

const receiveCall = defineCall<ReceiveBatch, number>({
  syscall: "recvmmsg",
  direction: READ,
  check(batch) {
    if (!(batch instanceof ReceiveBatch)) throw typeError("batch", "a ReceiveBatch", batch);
  },
  attempt(d, batch) {
    const count = batch.receive(d.fd);
    // What did not fill the batch was all that there was; a system without batches gives one at a time.
    d.drained = capabilities.batches && count > 0 && count < batch.capacity;
    return count;
  },
  finish: (count) => count,
});

export function receiveBatch(
  owner: object,
  d: Descriptor,
  batch: ReceiveBatch,
  options: WaitOptions | undefined,
): Promise<number> {
  return d.run(owner, receiveCall, batch, options);
}

/** Datagrams that are sent together: filled with `add`, sent by `Socket.trySendMany`. */
export class SendBatch {
  /** How many datagrams it can hold, 1 to 64. */
  readonly capacity: number;
  /** How many datagrams it holds. */
  length = 0;
  readonly #family: number;
  readonly #slab: Buffer;
  readonly #meta: Int32Array;
  readonly #addresses: Uint8Array;
  #used = 0;

  /** For addresses of `family`, with `bytes` of room for all datagrams together. Throws RangeError. */
  constructor(family: number, capacity = MAX_BATCH, bytes = 64 * 1024) {
    this.#family = family;
    this.capacity = checkInteger("capacity", capacity, 1, MAX_BATCH);
    this.#slab = Buffer.allocUnsafeSlow(checkInteger("bytes", bytes, 1, 2 ** 30));
    this.#meta = new Int32Array(capacity * 3);
    this.#addresses = new Uint8Array(capacity * (4 + layout.batchAddress));
  }

  /** Copies a datagram in; without an address it goes to the connected peer. False when there is no more room. */
  add(data: string | Uint8Array, address?: Address): boolean {
    const bytes = checkData("data", data);
    if (this.length === this.capacity || bytes.length > this.#slab.length - this.#used) return false;
    const at = this.length * 3;
    this.#meta[at + 2] = -1;
    if (address !== undefined) {
      encodeAddress(this.#family, address);
      this.#addresses.set(addressBuffer, this.length * (4 + layout.batchAddress));
      this.#meta[at + 2] = this.length;
    }
    this.#slab.set(bytes, this.#used);
    this.#meta[at] = this.#used;
    this.#meta[at + 1] = bytes.length;
    this.#used += bytes.length;
    this.length++;
    return true;
  }

  /** The bytes of datagrams `from` to `to`, the latter not included. */
  bytes(from = 0, to: number = this.length): number {
    let total = 0;
    for (let i = from; i < to; i++) total += this.#meta[i * 3 + 1]!;
    return total;
  }

  /** Empties it. */
  clear(): void {
    this.length = 0;
    this.#used = 0;
  }

  /** One sendmmsg(2) from datagram `from` on: how many were sent, or -errno of the first. */
  send(fd: number, from: number): number {
    const meta = new Uint8Array(this.#meta.buffer, from * 3 * 4);
    return native.sendmmsg(fd, this.#slab, meta, this.length - from, this.#addresses);
  }
}
