/** A plain `Uint8Array` over the same memory: one hidden class everywhere keeps element access monomorphic. */
export function plainBytes(bytes: ArrayBufferView | ArrayBuffer): Uint8Array {
  if (bytes instanceof ArrayBuffer) return new Uint8Array(bytes);
  if (Object.getPrototypeOf(bytes) === Uint8Array.prototype) return bytes as Uint8Array;
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function u16(b: Uint8Array, at: number, big: boolean): number {
  return big ? (b[at]! << 8) | b[at + 1]! : b[at]! | (b[at + 1]! << 8);
}

export function u32(b: Uint8Array, at: number, big: boolean): number {
  return big
    ? ((b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!) >>> 0
    : (b[at]! | (b[at + 1]! << 8) | (b[at + 2]! << 16) | (b[at + 3]! << 24)) >>> 0;
}

export function u64(b: Uint8Array, at: number, big: boolean): bigint {
  const high = u32(b, big ? at : at + 4, big);
  const low = u32(b, big ? at + 4 : at, big);
  return (BigInt(high) << 32n) | BigInt(low);
}

export function putU16(b: Uint8Array, at: number, value: number, big: boolean): void {
  b[big ? at : at + 1] = value >>> 8;
  b[big ? at + 1 : at] = value;
}

export function putU32(b: Uint8Array, at: number, value: number, big: boolean): void {
  for (let i = 0; i < 4; i++) b[at + i] = value >>> (big ? 24 - 8 * i : 8 * i);
}

export function putU64(b: Uint8Array, at: number, value: bigint, big: boolean): void {
  putU32(b, big ? at : at + 4, Number((value >> 32n) & 0xffffffffn), big);
  putU32(b, big ? at + 4 : at, Number(value & 0xffffffffn), big);
}
