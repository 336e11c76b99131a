const digits = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** From here on Node's own conversion is faster than joining digits. */
const LONG = 24;

/** The part of Node's `Buffer` that is used where there is one. */
interface HexBuffers {
  from(buffer: ArrayBufferLike, offset: number, length: number): { toString(encoding: "hex"): string };
}
const { Buffer: buffers } = globalThis as { Buffer?: HexBuffers };

/** Lower-case hexadecimal without separators of `bytes[start, end)`. */
export function toHex(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  if (end - start >= LONG && buffers !== undefined) {
    return buffers.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("hex");
  }
  let text = "";
  for (let i = start; i < end; i++) text += digits[bytes[i]!];
  return text;
}

/** Bytes of a hexadecimal string; blanks, `:` and `-` between digits are allowed. Throws a `TypeError` otherwise. */
export function fromHex(text: string): Uint8Array {
  const clean = text.replace(/[\s:-]/g, "");
  if (clean.length % 2 !== 0 || /[^0-9a-f]/i.test(clean)) {
    throw new TypeError(`Expected an even number of hexadecimal digits, got ${JSON.stringify(text.slice(0, 40))}`);
  }
  const bytes = new Uint8Array(clean.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(clean.slice(i * 2, i * 2 + 2), 16);
  return bytes;
}

/** A two-digit hexadecimal byte. */
export function hexByte(byte: number): string {
  return digits[byte & 0xff]!;
}
