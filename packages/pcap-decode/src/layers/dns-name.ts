import type { ByteWriter } from "../build/byte-writer.ts";
import { InvalidValueError } from "../errors.ts";

/** Limits of RFC 1035 section 2.3.4; pointers must go backwards, so their number is bounded by the message too. */
const MAX_NAME = 255;
const MAX_LABEL = 63;

/** A name and where it ends in the record. `name` is `undefined` when the bytes are no name. */
export interface ReadName {
  readonly name: string | undefined;
  readonly next: number;
}

/**
 * Reads the name at `at` of a message that starts at `start`. Every compression pointer must aim below the lowest
 * offset visited, so that no chain of pointers can loop.
 */
export function readName(b: Uint8Array, at: number, end: number, start: number): ReadName {
  let text = "";
  let next = -1;
  let lowest = at;
  let length = 0;
  for (;;) {
    if (at >= end) return { name: undefined, next: end };
    const size = b[at]!;
    if (size === 0) {
      return { name: text === "" ? "." : text, next: next < 0 ? at + 1 : next };
    }
    if (size >= 0xc0) {
      if (end - at < 2) return { name: undefined, next: end };
      const target = start + (((size & 0x3f) << 8) | b[at + 1]!);
      if (next < 0) next = at + 2;
      if (target >= lowest) return { name: undefined, next };
      lowest = target;
      at = target;
      continue;
    }
    length += size + 1;
    if (size > MAX_LABEL || size > end - at - 1 || length > MAX_NAME) return { name: undefined, next: end };
    text += `${text === "" ? "" : "."}${labelText(b, at + 1, at + 1 + size)}`;
    at += size + 1;
  }
}

/** Master-file text of a label (RFC 1035 section 5.1): dots and backslashes escaped, other bytes as `\DDD`. */
function labelText(b: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let i = start; i < end; i++) {
    const byte = b[i]!;
    if (byte === 0x2e || byte === 0x5c) text += `\\${String.fromCharCode(byte)}`;
    else if (byte > 0x20 && byte < 0x7f) text += String.fromCharCode(byte);
    else text += `\\${String(byte).padStart(3, "0")}`;
  }
  return text;
}

/** Bytes of the labels of a name's text. Throws an `InvalidValueError` for what is no name. */
function parseName(text: string): Uint8Array[] {
  if (text === "." || text === "") return [];
  const labels: number[][] = [[]];
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!;
    if (character === ".") {
      if (i < text.length - 1) labels.push([]);
      continue;
    }
    if (character !== "\\") {
      labels.at(-1)!.push(text.charCodeAt(i));
      continue;
    }
    const digits = /^\d{3}/.exec(text.slice(i + 1));
    labels.at(-1)!.push(digits ? Number(digits[0]) : text.charCodeAt(i + 1));
    i += digits ? 3 : 1;
  }
  const total = labels.reduce((sum, label) => sum + label.length + 1, 1);
  if (
    total > MAX_NAME ||
    labels.some((label) => label.length === 0 || label.length > MAX_LABEL || label.some((byte) => !(byte < 256)))
  ) {
    throw new InvalidValueError("DNS name", text, "labels of 1 to 63 bytes, 255 in all");
  }
  return labels.map((label) => Uint8Array.from(label));
}

/** Where the names of a message were written, for compression. */
export type NameOffsets = Map<string, number>;

/** Writes a name, pointing to the longest suffix that was written before; `offsets` missing: uncompressed. */
export function writeName(out: ByteWriter, name: string, offsets?: NameOffsets, origin = 0): void {
  const labels = parseName(name);
  for (let i = 0; i < labels.length; i++) {
    const suffix = labels
      .slice(i)
      .map((label) => `${label.length}:${label.join(",")}`)
      .join(".");
    const known = offsets?.get(suffix);
    if (known !== undefined) {
      out.u16(0xc000 | known);
      return;
    }
    // A pointer has 14 bits.
    if (offsets !== undefined && out.length - origin < 0x4000) offsets.set(suffix, out.length - origin);
    out.u8(labels[i]!.length);
    out.put(labels[i]!);
  }
  out.u8(0);
}
