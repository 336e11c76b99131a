/** Bytes that have arrived and were not read yet: one contiguous piece, searched and taken from the front. No I/O. */
import { rangeError } from "./check.ts";

const empty: Buffer = Buffer.alloc(0);
/** A search this short is faster in JavaScript than a call into the runtime. */
const SHORT_SEARCH = 48;
/** The least memory that `push` gets. */
const MIN_CAPACITY = 4096;

/** A number of bytes that is wanted, as far as there are so many. */
function upTo(count: number, length: number): number {
  if (count >= length) return length;
  if (Number.isInteger(count) && count >= 0) return count;
  throw rangeError("count", "an integer from 0 on", count);
}

/**
 * The buffer under readers and codecs. Positions count from the first unread byte. What `take` returns is the
 * caller's own; nothing else here hands out memory. Counts that are not integers from 0 on are a RangeError.
 */
export class ByteQueue {
  #bytes: Buffer = empty;
  #start = 0;
  #end = 0;
  /** The bytes lie in memory that somebody else will write to, see `borrow`. */
  #borrowed = false;
  /** What `find` looked for last, in vain, and from where it would have to go on. */
  #sought: Uint8Array | null = null;
  #searched = 0;

  /** How many bytes wait. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** The byte at a position, or -1 where there is none. */
  at(position: number): number {
    return position < 0 || position >= this.length ? -1 : this.#bytes[this.#start + position]!;
  }

  /** Appends a copy of the bytes. */
  push(chunk: Uint8Array): void {
    this.#reserve(chunk.length);
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /**
   * Makes an empty queue hold the first `length` bytes of `memory` without a copy, until `own` is called.
   * @internal
   */
  borrow(memory: Buffer, length: number): void {
    this.#bytes = memory;
    this.#start = 0;
    this.#end = length;
    this.#borrowed = true;
  }

  /**
   * Whether the bytes lie in borrowed memory.
   * @internal
   */
  get borrowed(): boolean {
    return this.#borrowed;
  }

  /**
   * Moves the bytes to the front of their memory and tells how many there are: room is behind them.
   * @internal
   */
  compact(): number {
    const { length } = this;
    if (this.#start > 0) this.#bytes.copyWithin(0, this.#start, this.#end);
    this.#start = 0;
    this.#end = length;
    return length;
  }

  /**
   * After `compact`: the memory now holds `count` bytes more.
   * @internal
   */
  extend(count: number): void {
    this.#end += count;
  }

  /**
   * Copies what is borrowed, so that its memory may be written to.
   * @internal
   */
  own(): void {
    if (!this.#borrowed) return;
    this.#borrowed = false;
    const { length } = this;
    this.#bytes = Buffer.from(this.#bytes.subarray(this.#start, this.#end));
    this.#start = 0;
    this.#end = length;
  }

  #reserve(count: number): void {
    this.own();
    if (this.#bytes.length - this.#end >= count) return;
    const { length } = this;
    // Moving less than was taken since the last time costs nothing on the whole.
    if (this.#bytes.length - length >= count && this.#start >= length) {
      this.compact();
      return;
    }
    const grown = Buffer.allocUnsafeSlow(Math.max(length + count, length * 2, MIN_CAPACITY));
    this.#bytes.copy(grown, 0, this.#start, this.#end);
    this.#bytes = grown;
    this.#start = 0;
    this.#end = length;
  }

  /** The first position of a byte at or after `from`, or -1. */
  indexOf(byte: number, from = 0): number {
    const bytes = this.#bytes;
    const end = this.#end;
    const begin = this.#start + Math.max(0, from);
    const near = Math.min(begin + SHORT_SEARCH, end);
    for (let i = begin; i < near; i++) if (bytes[i] === byte) return i - this.#start;
    if (near >= end) return -1;
    // What lies behind the end may be found too; to look that far costs less than a view that ends before it.
    const found = bytes.indexOf(byte, near);
    return found < 0 || found >= end ? -1 : found - this.#start;
  }

  /** The last position of a byte among the first `count`, or -1. */
  lastIndexOf(byte: number, count: number = this.length): number {
    const length = upTo(count, this.length);
    if (length === 0) return -1;
    // What lies before the start may be found too; to look that far costs less than a view that begins at it.
    const found = this.#bytes.lastIndexOf(byte, this.#start + length - 1);
    return found < this.#start ? -1 : found - this.#start;
  }

  /** The first position of a sequence of at least one byte at or after `from`, or -1. */
  indexOfSequence(sequence: Uint8Array, from = 0): number {
    if (sequence.length === 1) return this.indexOf(sequence[0]!, from);
    if (sequence.length === 0) throw rangeError("sequence", "at least one byte long", sequence);
    const begin = Math.max(0, from);
    if (this.length - begin < sequence.length) return -1;
    const found = this.#bytes.subarray(this.#start + begin, this.#end).indexOf(sequence);
    return found < 0 ? -1 : found + begin;
  }

  /**
   * The first position of a sequence, or -1. Asked again for the same sequence (the same object), it goes on where it
   * stopped: bytes that arrive one at a time are looked at once.
   */
  find(sequence: Uint8Array): number {
    const from = sequence === this.#sought ? this.#searched : 0;
    const found = this.indexOfSequence(sequence, from);
    if (found < 0) {
      this.#sought = sequence;
      // It may have begun in the last bytes.
      this.#searched = Math.max(0, this.length - sequence.length + 1);
    }
    return found;
  }

  /** Removes up to `count` bytes from the front and returns them. */
  take(count: number = this.length): Buffer {
    const length = upTo(count, this.length);
    const taken = Buffer.allocUnsafe(length);
    this.#bytes.copy(taken, 0, this.#start, this.#start + length);
    this.#drop(length);
    return taken;
  }

  /** Removes up to `target.length` bytes from the front into `target` and tells how many. */
  takeInto(target: Uint8Array): number {
    const length = Math.min(target.length, this.length);
    target.set(this.#bytes.subarray(this.#start, this.#start + length));
    this.#drop(length);
    return length;
  }

  /** Removes up to `count` bytes from the front and returns them as text: UTF-8, what is malformed becomes U+FFFD. */
  takeText(count: number, encoding: BufferEncoding = "utf8"): string {
    const length = upTo(count, this.length);
    const text = this.#bytes.toString(encoding, this.#start, this.#start + length);
    this.#drop(length);
    return text;
  }

  /** Up to `count` bytes from the front as text, as `takeText` gives it; they stay. */
  peekText(count: number = this.length, encoding: BufferEncoding = "utf8"): string {
    return this.#bytes.toString(encoding, this.#start, this.#start + upTo(count, this.length));
  }

  /** A copy of up to `count` bytes from the front, which stay. */
  peek(count: number = this.length): Buffer {
    return Buffer.from(this.#bytes.subarray(this.#start, this.#start + upTo(count, this.length)));
  }

  /** Drops up to `count` bytes from the front. */
  skip(count: number): void {
    this.#drop(upTo(count, this.length));
  }

  #drop(length: number): void {
    if (length > 0) this.#sought = null;
    this.#start += length;
    if (this.#start < this.#end) return;
    this.#start = 0;
    this.#end = 0;
    this.#borrowed = false;
    // Idle connections hold no memory.
    this.#bytes = empty;
  }
}
