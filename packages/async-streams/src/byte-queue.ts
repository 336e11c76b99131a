/** Bytes that have arrived and were not read yet: one contiguous piece, searched and taken from the front. No I/O. */

const empty: Buffer = Buffer.alloc(0);
/** A search this short is faster in JavaScript than a call into the runtime. */
const SHORT_SEARCH = 96;
/** An empty queue gives its memory back when it is larger than this. */
const KEEP = 4096;

/**
 * The buffer under readers and codecs. Positions count from the first unread byte. What `take` returns is the
 * caller's own; nothing else here hands out memory.
 */
export class ByteQueue {
  #bytes: Buffer = empty;
  #start = 0;
  #end = 0;
  /** The bytes lie in memory that somebody else will write to, see `borrow`. */
  #borrowed = false;

  /** How many bytes wait. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** The byte at a position, or -1 behind the end. */
  at(position: number): number {
    return position < 0 || position >= this.length ? -1 : this.#bytes[this.#start + position]!;
  }

  /** Appends a copy of the bytes. */
  push(chunk: Uint8Array): void {
    this.#reserve(chunk.length);
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** Makes an empty queue hold the first `length` bytes of `memory` without a copy, until `own` is called. */
  borrow(memory: Buffer, length: number): void {
    this.#bytes = memory;
    this.#start = 0;
    this.#end = length;
    this.#borrowed = true;
  }

  /** Moves borrowed bytes to the front of their memory and tells how many there are: room is behind them. */
  compact(): number {
    const { length } = this;
    if (this.#start > 0) this.#bytes.copyWithin(0, this.#start, this.#end);
    this.#start = 0;
    this.#end = length;
    return length;
  }

  /** After `compact`: the memory now holds `count` bytes more. */
  extend(count: number): void {
    this.#end += count;
  }

  /** Copies what is borrowed, so that its memory may be written to. */
  own(): void {
    if (!this.#borrowed) return;
    this.#borrowed = false;
    const { length } = this;
    this.#bytes = length === 0 ? empty : Buffer.from(this.#bytes.subarray(this.#start, this.#end));
    this.#start = 0;
    this.#end = length;
  }

  #reserve(count: number): void {
    this.own();
    if (this.#bytes.length - this.#end >= count) return;
    const { length } = this;
    if (this.#bytes.length - length >= count && this.#start >= length) {
      this.compact();
      return;
    }
    const grown = Buffer.allocUnsafeSlow(Math.max(length + count, length * 2, KEEP));
    this.#bytes.copy(grown, 0, this.#start, this.#end);
    this.#bytes = grown;
    this.#start = 0;
    this.#end = length;
  }

  /** The first position of a byte at or after `from`, or -1. */
  indexOf(byte: number, from = 0): number {
    const bytes = this.#bytes;
    const begin = this.#start + from;
    const near = Math.min(begin + SHORT_SEARCH, this.#end);
    for (let i = begin; i < near; i++) if (bytes[i] === byte) return i - this.#start;
    if (near >= this.#end) return -1;
    const found = bytes.subarray(near, this.#end).indexOf(byte);
    return found < 0 ? -1 : found + near - this.#start;
  }

  /** The first position of a sequence at or after `from`, or -1. */
  indexOfSequence(sequence: Uint8Array, from = 0): number {
    if (sequence.length === 1) return this.indexOf(sequence[0]!, from);
    if (this.length - from < sequence.length) return -1;
    const found = this.#bytes.subarray(this.#start + from, this.#end).indexOf(sequence);
    return found < 0 ? -1 : found + from;
  }

  /** Removes up to `count` bytes from the front and returns them. */
  take(count: number = this.length): Buffer {
    const length = Math.min(count, this.length);
    const taken = Buffer.allocUnsafe(length);
    this.#bytes.copy(taken, 0, this.#start, this.#start + length);
    this.skip(length);
    return taken;
  }

  /** Removes up to `target.length` bytes from the front into `target` and tells how many. */
  takeInto(target: Uint8Array): number {
    const length = Math.min(target.length, this.length);
    target.set(this.#bytes.subarray(this.#start, this.#start + length));
    this.skip(length);
    return length;
  }

  /** Removes `count` bytes from the front and returns them as text. Default UTF-8; what is malformed becomes U+FFFD. */
  takeText(count: number, encoding: BufferEncoding = "utf8"): string {
    const end = Math.min(this.#start + count, this.#end);
    const text = this.#bytes.toString(encoding, this.#start, end);
    this.skip(end - this.#start);
    return text;
  }

  /** A copy of up to `count` bytes from the front, which stay. */
  peek(count: number = this.length): Buffer {
    return Buffer.from(this.#bytes.subarray(this.#start, Math.min(this.#start + count, this.#end)));
  }

  /** Drops up to `count` bytes from the front. */
  skip(count: number): void {
    this.#start += Math.min(count, this.length);
    if (this.#start < this.#end) return;
    this.#start = 0;
    this.#end = 0;
    this.#borrowed = false;
    // Idle connections hold no memory.
    this.#bytes = empty;
  }
}
