/** Datagrams that were received together, seen without a copy. */
import { type Address, type Ancillary, type InetAddress, ReceiveBatch } from "@sockeye/socket-core";
import { rangeError } from "./check.ts";

/** A super-packet of GRO holds at most so many datagrams (UDP_GRO_CNT_MAX is 64). */
const MAX_SEGMENTS = 64;

/**
 * A batch of datagrams. It belongs to its endpoint and is filled again by the next `receiveMany`: take copies of what
 * must outlive that. Super-packets of GRO appear as the datagrams that they were made of.
 */
export class Batch {
  readonly #received: ReceiveBatch;
  /** Per datagram: where it starts, its size, and the message it came in. */
  readonly #offsets: Int32Array;
  readonly #sizes: Int32Array;
  readonly #messages: Int32Array;
  #length = 0;
  #first = 0;
  #segments = 0;

  /** @internal */
  constructor(messages: number, slotSize: number, split: boolean) {
    this.#received = new ReceiveBatch(messages, slotSize);
    const most = split ? messages * MAX_SEGMENTS : messages;
    this.#offsets = new Int32Array(most);
    this.#sizes = new Int32Array(most);
    this.#messages = new Int32Array(most);
  }

  /** How many datagrams there are. */
  get length(): number {
    return this.#length - this.#first;
  }

  /** The memory that holds them: datagram i is `size(i)` bytes from `offset(i)` on. */
  get bytes(): Buffer {
    return this.#received.bytes;
  }

  /** Where a datagram starts in `bytes`. Throws RangeError. */
  offset(index: number): number {
    return this.#offsets[this.#check(index)]!;
  }

  /** How many bytes a datagram has. Throws RangeError. */
  size(index: number): number {
    return this.#sizes[this.#check(index)]!;
  }

  /** A view of a datagram's bytes, good until the batch is filled again. Throws RangeError. */
  data(index: number): Buffer {
    const start = this.offset(index);
    return this.bytes.subarray(start, start + this.size(index));
  }

  /** The sender's IP address or path. Throws RangeError. */
  address(index: number): string {
    const from = this.from(index);
    return "path" in from ? from.path : from.address;
  }

  /** The sender's port; 0 for Unix sockets. Throws RangeError. */
  port(index: number): number {
    return (this.from(index) as Partial<InetAddress>).port ?? 0;
  }

  /** The sender's address. Throws RangeError. */
  from(index: number): Address {
    return this.#received.address(this.#messages[this.#check(index)]!);
  }

  /** Whether a datagram was longer than its room. Throws RangeError. */
  truncated(index: number): boolean {
    return this.#received.truncated(this.#messages[this.#check(index)]!);
  }

  /** What came beside a datagram: its destination, interface, TTL and so on, as far as the endpoint asked for it. */
  ancillary(index: number): Ancillary {
    return this.#received.ancillary(this.#messages[this.#check(index)]!);
  }

  #check(index: number): number {
    if (Number.isInteger(index) && index >= 0 && index < this.length) return index + this.#first;
    throw rangeError("index", `from 0 to ${this.length - 1}`, index);
  }

  /** Bytes of all datagrams. */
  get totalBytes(): number {
    let total = 0;
    for (let i = this.#first; i < this.#length; i++) total += this.#sizes[i]!;
    return total;
  }

  /** How many of the datagrams came as segments of a larger one. */
  get segments(): number {
    return this.#segments;
  }

  /** @internal Leaves the first ones out. */
  skip(count: number): void {
    this.#first += count;
  }

  /** @internal */
  clear(): void {
    this.#first = 0;
    this.#length = 0;
  }

  /** @internal The memory that `Socket.tryReceiveMany` fills. */
  get received(): ReceiveBatch {
    return this.#received;
  }

  /** @internal After it was filled: finds the datagrams in it. */
  index(split: boolean): void {
    const received = this.#received;
    let at = 0;
    this.#first = 0;
    this.#segments = 0;
    for (let message = 0; message < received.length; message++) {
      const start = received.offset(message);
      const size = received.size(message);
      const stride = split ? (received.segmentSize(message) ?? size) : size;
      if (stride < size) this.#segments += Math.ceil(size / stride);
      let offset = 0;
      do {
        this.#offsets[at] = start + offset;
        this.#sizes[at] = Math.min(stride, size - offset);
        this.#messages[at] = message;
        at++;
        offset += stride;
      } while (offset < size && at < this.#offsets.length);
    }
    this.#length = at;
  }
}
