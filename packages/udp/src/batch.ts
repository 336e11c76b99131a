/** Datagrams that were received together, seen without a copy. */
import { type Address, type Ancillary, type InetAddress, ReceiveBatch } from "@sockeye/socket-core";
import { rangeError } from "./check.ts";

/**
 * Datagrams that were received together. It belongs to its endpoint and is good until that receives again: take copies
 * of what must outlive that. Super-packets of GRO appear as the datagrams that they were made of.
 */
export class Batch {
  readonly #received: ReceiveBatch;
  readonly #split: boolean;
  /** Per datagram: where it starts, its size, and the message it came in. */
  #offsets: Int32Array;
  #sizes: Int32Array;
  #messages: Int32Array;
  /** What is shown of what was received: from `first` on, without `end`. */
  #first = 0;
  #end = 0;
  #total = 0;
  #segments = 0;
  #totalBytes = 0;

  /** @internal */
  constructor(messages: number, slotSize: number, split: boolean) {
    this.#received = new ReceiveBatch(messages, slotSize);
    this.#split = split;
    this.#sizes = new Int32Array(messages);
    // Without super-packets these never change.
    this.#offsets = Int32Array.from({ length: messages }, (_, i) => i * slotSize);
    this.#messages = Int32Array.from({ length: messages }, (_, i) => i);
  }

  /** How many datagrams there are. */
  get length(): number {
    return this.#end - this.#first;
  }

  /** The memory that holds them: datagram i is `size(i)` bytes from `offset(i)` on. */
  get bytes(): Buffer {
    return this.#received.bytes;
  }

  /** Where a datagram starts in `bytes`. Throws RangeError. */
  offset(index: number): number {
    return this.#offsets[this.#at(index)]!;
  }

  /** How many bytes a datagram has. Throws RangeError. */
  size(index: number): number {
    return this.#sizes[this.#at(index)]!;
  }

  /** A view of a datagram's bytes, good until the endpoint receives again. Throws RangeError. */
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
    return this.#received.address(this.#messages[this.#at(index)]!);
  }

  /** Whether a datagram was longer than `maxDatagramSize`, and is cut. Throws RangeError. */
  truncated(index: number): boolean {
    return this.#received.truncated(this.#messages[this.#at(index)]!);
  }

  /** What came beside a datagram: its destination, interface, TTL and so on, as far as the endpoint asked for it. */
  ancillary(index: number): Ancillary {
    return this.#received.ancillary(this.#messages[this.#at(index)]!);
  }

  #at(index: number): number {
    if (Number.isInteger(index) && index >= 0 && index < this.length) return index + this.#first;
    throw rangeError(
      "index",
      this.length === 0 ? "of a datagram, of which there are none" : `from 0 to ${this.length - 1}`,
      index,
    );
  }

  /** @internal What the whole of it counts for. */
  get received(): { datagrams: number; bytes: number; segments: number } {
    return { datagrams: this.#total, bytes: this.#totalBytes, segments: this.#segments };
  }

  /** @internal The memory to fill. Nothing is in it until `index`. */
  clear(): ReceiveBatch {
    this.#first = 0;
    this.#end = 0;
    this.#total = 0;
    return this.#received;
  }

  /** @internal Shows up to `max` of the datagrams behind the ones that it showed; false when there are none. */
  advance(max: number): boolean {
    this.#first = this.#end;
    this.#end = Math.min(this.#total, this.#first + max);
    return this.#end > this.#first;
  }

  /** @internal After it was filled: finds the datagrams in it. */
  index(): void {
    const received = this.#received;
    this.#segments = 0;
    this.#totalBytes = 0;
    if (!this.#split) {
      // Each message is a datagram, in a slot of its own.
      this.#total = received.length;
      for (let i = 0; i < this.#total; i++) {
        const size = received.size(i);
        this.#sizes[i] = size;
        this.#totalBytes += size;
      }
      return;
    }
    let at = 0;
    for (let message = 0; message < received.length; message++) {
      const start = received.offset(message);
      const size = received.size(message);
      const stride = received.segmentSize(message) ?? size;
      const pieces = stride > 0 && stride < size ? Math.ceil(size / stride) : 1;
      if (pieces > 1) this.#segments += pieces;
      if (at + pieces > this.#offsets.length) this.#grow(at + pieces);
      for (let offset = 0, i = 0; i < pieces; i++, offset += stride) {
        this.#offsets[at] = start + offset;
        this.#sizes[at] = Math.min(stride, size - offset);
        this.#messages[at] = message;
        at++;
      }
      this.#totalBytes += size;
    }
    this.#total = at;
  }

  #grow(atLeast: number): void {
    const grown = (old: Int32Array): Int32Array => {
      const larger = new Int32Array(Math.max(atLeast, old.length * 2));
      larger.set(old);
      return larger;
    };
    this.#offsets = grown(this.#offsets);
    this.#sizes = grown(this.#sizes);
    this.#messages = grown(this.#messages);
  }
}
