import type { ByteWriter } from "../build/byte-writer.ts";
import { InvalidValueError } from "../errors.ts";
import { dynamic, type Field, type FieldOptions, octets } from "../field.ts";
import { fromHex, toHex } from "../hex.ts";

/** Bytes, or hexadecimal text of them. */
export type BytesInput = Uint8Array | string;

/** Writes bytes or hexadecimal text. */
export function putBytes(out: ByteWriter, value: BytesInput): void {
  if (typeof value === "string") out.put(fromHex(value));
  else if (value instanceof Uint8Array) out.put(value);
  else throw new InvalidValueError("bytes", value, "a Uint8Array or hexadecimal text");
}

/** Exactly `length` bytes. */
export function fixedBytes(length: number, options: FieldOptions<BytesInput> = {}): Field<Uint8Array, BytesInput> {
  return octets<Uint8Array, BytesInput>(
    length,
    { read: (b, at) => b.subarray(at, at + length), write: putBytes },
    { default: new Uint8Array(length), ...options },
  );
}

/** Bytes of a size that the header tells; all of the header's rest without `size`. */
export function variableBytes(
  size?: (b: Uint8Array, at: number, end: number, start: number) => number,
  options: FieldOptions<BytesInput> = {},
): Field<Uint8Array, BytesInput> {
  const codec = { read: (b: Uint8Array, at: number, end: number) => b.subarray(at, end), write: putBytes };
  return dynamic<Uint8Array, BytesInput>(size === undefined ? codec : { ...codec, size }, options);
}

/** A number of `length` bytes that is only there when `present` says so. */
export function optionalNumber(
  length: number,
  present: (b: Uint8Array, start: number) => boolean,
  options: FieldOptions<number> = {},
): Field<number | undefined, number> {
  return dynamic<number | undefined, number>(
    {
      size: (b, _at, _end, start) => (present(b, start) ? length : 0),
      read(b, at, end) {
        if (end - at < length) return undefined;
        let value = 0;
        for (let i = 0; i < length; i++) value = value * 256 + b[at + i]!;
        return value;
      },
      write(out, value) {
        if (value === undefined) return;
        for (let i = length - 1; i >= 0; i--) out.u8(Math.floor(value / 256 ** i) & 0xff);
      },
    },
    options,
  );
}

/** Bytes as text, one character a byte. */
export function latin1(b: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let i = start; i < end; i++) text += String.fromCharCode(b[i]!);
  return text;
}

/** Writes text, one byte a character. Throws an `InvalidValueError` for characters above U+00FF. */
export function putLatin1(out: ByteWriter, text: string): void {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0xff) throw new InvalidValueError("text", text, "characters up to U+00FF");
    out.u8(code);
  }
}

/** Text that fills the rest of the header. */
export function restText(): Field<string> {
  return dynamic<string>({ read: latin1, write: putLatin1 });
}

const utf8 = new TextDecoder();
/** Bytes as UTF-8 for a person; not reversible. */
export function readable(b: Uint8Array, start: number, end: number): string {
  return utf8.decode(b.subarray(start, end));
}

/** A 64-bit number in network byte order as a bigint; its input may be a number or decimal text. */
export function u64(options: FieldOptions<bigint | number | string> = {}): Field<bigint, bigint | number | string> {
  return octets<bigint, bigint | number | string>(
    8,
    {
      read: (b, at) => BigInt(`0x${toHex(b, at, at + 8)}`),
      write: (out, value) => out.u64(BigInt(value)),
    },
    { default: 0n, ...options },
  );
}

/** A type and its bytes as hexadecimal text: one entry of an option list. */
export interface TypeAndData {
  readonly type: number;
  readonly data: string;
}
