/** Grows as it is written to. Offsets are from the start of the layer that is being written. */
export class ByteWriter {
  #bytes = new Uint8Array(64);
  /** Bytes written. */
  length = 0;

  /** What has been written; shares memory with the writer. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#bytes[this.length++] = value;
  }
  u16(value: number): void {
    this.u8(value >>> 8);
    this.u8(value);
  }
  u24(value: number): void {
    this.u8(value >>> 16);
    this.u16(value);
  }
  u32(value: number): void {
    this.u16(value >>> 16);
    this.u16(value);
  }
  u16le(value: number): void {
    this.u8(value);
    this.u8(value >>> 8);
  }
  u32le(value: number): void {
    this.u16le(value);
    this.u16le(value >>> 16);
  }
  u64(value: bigint): void {
    this.u32(Number((value >> 32n) & 0xffffffffn));
    this.u32(Number(value & 0xffffffffn));
  }
  put(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.length);
    this.length += bytes.length;
  }
  fill(count: number, value = 0): void {
    for (let i = 0; i < count; i++) this.u8(value);
  }
  /** Overwrites a 16-bit number written before. */
  setU16(at: number, value: number): void {
    this.#bytes[at] = value >>> 8;
    this.#bytes[at + 1] = value;
  }
  /** Overwrites a byte written before. */
  setU8(at: number, value: number): void {
    this.#bytes[at] = value;
  }
  /** Zeros up to the next multiple of `size`. */
  align(size: number): void {
    while (this.length % size !== 0) this.u8(0);
  }

  #reserve(count: number): void {
    if (this.length + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + count));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}
