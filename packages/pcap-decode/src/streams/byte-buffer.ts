const nothing: Uint8Array = new Uint8Array(0);

/** Bytes that are put together from pieces, in memory that doubles as they grow. */
export class ByteBuffer {
  #memory = nothing;
  #length = 0;

  /** Bytes that are there. */
  get length(): number {
    return this.#length;
  }

  /** Memory that they take. */
  get memory(): number {
    return this.#memory.length;
  }

  /** The bytes, until the next `push` or `clear`. */
  get bytes(): Uint8Array {
    return this.#memory.subarray(0, this.#length);
  }

  /** Puts a copy of `piece` behind what is there. */
  push(piece: Uint8Array): void {
    const length = this.#length + piece.length;
    if (length > this.#memory.length) {
      const grown = new Uint8Array(Math.max(length, this.#memory.length * 2));
      grown.set(this.bytes);
      this.#memory = grown;
    }
    this.#memory.set(piece, this.#length);
    this.#length = length;
  }

  /** Lets go of all, the memory too: what was given out stays as it is. */
  clear(): void {
    this.#memory = nothing;
    this.#length = 0;
  }
}
