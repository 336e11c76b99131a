/** Adds the 16-bit words of `b[start, end)` to `sum`, an odd last byte padded with zero (RFC 1071). */
export function sumWords(b: Uint8Array, start: number, end: number, sum = 0): number {
  let at = start;
  for (; at + 1 < end; at += 2) {
    sum += (b[at]! << 8) | b[at + 1]!;
    if (sum > 0x3fffffff) sum = (sum & 0xffff) + (sum >>> 16);
  }
  if (at < end) sum += b[at]! << 8;
  return sum;
}

/** The Internet checksum of `b[start, end)` (RFC 1071), with `sum` of a pseudo-header added. */
export function internetChecksum(b: Uint8Array, start = 0, end: number = b.length, sum = 0): number {
  let total = sumWords(b, start, end, sum);
  while (total > 0xffff) total = (total & 0xffff) + Math.floor(total / 0x10000);
  return ~total & 0xffff;
}

let crcTable: Uint32Array | undefined;

/** CRC-32C (Castagnoli) of `b[start, end)`, as SCTP uses it (RFC 9260 appendix A). */
export function crc32c(b: Uint8Array, start = 0, end: number = b.length): number {
  if (crcTable === undefined) {
    crcTable = new Uint32Array(256);
    for (let i = 0; i < 256; i++) {
      let crc = i;
      for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
      crcTable[i] = crc;
    }
  }
  let crc = 0xffffffff;
  for (let at = start; at < end; at++) crc = (crc >>> 8) ^ crcTable[(crc ^ b[at]!) & 0xff]!;
  return ~crc >>> 0;
}
