import type { ByteWriter } from "./build/byte-writer.ts";
import type { BuildContext } from "./build/context.ts";
import { InvalidValueError } from "./errors.ts";

/** What a field takes when it is not set, or computes while a packet is built. */
export interface FieldOptions<Input> {
  /** Value when unset; 0 or empty by default. A function may look at the other layers. */
  readonly default?: Input;
  /** Computed while building unless set: lengths, checksums, counts. `undefined` falls back to `default`. */
  auto?(context: BuildContext): Input | undefined;
  /** Set when `auto` needs a following layer to tell the value, as a next-protocol number does. */
  readonly needsNext?: boolean;
  /** Whether `value` announces `next` too: several numbers may, and rebuilding keeps the one there was. */
  announces?(value: unknown, next: unknown): boolean;
  /** Set when `auto` is only a suggestion: rebuilding a decoded packet keeps what it had. */
  readonly suggested?: boolean;
}

/** Options of a number: names for its values (shown, and accepted when building) or letters for its bits. */
export interface NumberOptions extends FieldOptions<number | string> {
  readonly names?: Readonly<Record<number, string>>;
  /** One name or letter a bit, the lowest bit first: `"FSRPAUEC"`. Accepted when building as `"SA"` or `"syn,ack"`. */
  readonly flags?: string | readonly string[];
  /** Show in hexadecimal. */
  readonly hex?: boolean;
}

/** One field of a layer: how it is read, written, named and shown. Made by `u8`, `bits`, `mac`, `bytes`, … */
export interface Field<Value, Input = Value> {
  readonly kind: "number" | "octets" | "dynamic";
  /** Width in bits; 0 for a dynamic field. */
  readonly width: number;
  readonly littleEndian: boolean;
  readonly options: FieldOptions<Input>;
  readonly number?: NumberOptions;
  /** Reads an `octets` or `dynamic` field; `end` is where the header ends, `start` where it starts. */
  read?(buffer: Uint8Array, at: number, end: number, start: number): Value;
  /** Bytes a dynamic field takes of `[at, end)`. Missing: all. */
  size?(buffer: Uint8Array, at: number, end: number, start: number): number;
  /** Writes an `octets` or `dynamic` field. Throws an `InvalidValueError` (or any TypeError) for what does not fit. */
  write?(out: ByteWriter, value: Input, values: Readonly<Record<string, unknown>>): void;
  /** Text for a person; several texts are several lines. */
  format?(value: Value): string | string[];
}

/** The largest number a layout may hold in one number; wider ones are `u64`. */
const MAX_BITS = 32;

function number(width: number, littleEndian: boolean, options: NumberOptions): Field<number, number | string> {
  return { kind: "number", width, littleEndian, options, number: options };
}

/** `width` bits, 1 to 32, most significant first. Consecutive bit fields share bytes. */
export function bits(width: number, options: NumberOptions = {}): Field<number, number | string> {
  if (!Number.isInteger(width) || width < 1 || width > MAX_BITS) {
    throw new InvalidValueError("bits(width)", width, `an integer from 1 to ${MAX_BITS}`);
  }
  return number(width, false, options);
}
/** An 8-bit number. */
export function u8(options: NumberOptions = {}): Field<number, number | string> {
  return number(8, false, options);
}
/** A 16-bit number in network byte order. */
export function u16(options: NumberOptions = {}): Field<number, number | string> {
  return number(16, false, options);
}
/** A 24-bit number in network byte order. */
export function u24(options: NumberOptions = {}): Field<number, number | string> {
  return number(24, false, options);
}
/** A 32-bit number in network byte order. */
export function u32(options: NumberOptions = {}): Field<number, number | string> {
  return number(32, false, options);
}
/** A 16-bit number, low byte first. */
export function u16le(options: NumberOptions = {}): Field<number, number | string> {
  return number(16, true, options);
}
/** A 32-bit number, low byte first. */
export function u32le(options: NumberOptions = {}): Field<number, number | string> {
  return number(32, true, options);
}

/** A run of `length` bytes with its own reading and writing. */
export function octets<Value, Input = Value>(
  length: number,
  codec: {
    read(buffer: Uint8Array, at: number): Value;
    write(out: ByteWriter, value: Input): void;
    format?(value: Value): string;
  },
  options: FieldOptions<Input> = {},
): Field<Value, Input> {
  return { kind: "octets", width: length * 8, littleEndian: false, options, ...codec };
}

/** A field behind the fixed ones whose size follows from the bytes: option lists, optional words, names. */
export function dynamic<Value, Input = Value>(
  codec: {
    size?(buffer: Uint8Array, at: number, end: number, start: number): number;
    read(buffer: Uint8Array, at: number, end: number, start: number): Value;
    write(out: ByteWriter, value: Input, values: Readonly<Record<string, unknown>>): void;
    format?(value: Value): string | string[];
  },
  options: FieldOptions<Input> = {},
): Field<Value, Input> {
  return { kind: "dynamic", width: 0, littleEndian: false, options, ...codec };
}

/** The text of a number: its name, its flags, or its digits. */
export function formatNumber(value: number, options: NumberOptions, width: number): string {
  if (options.flags !== undefined) return flagText(value, options.flags) || "0";
  const digits = options.hex ? `0x${value.toString(16).padStart(Math.ceil(width / 4), "0")}` : String(value);
  const name = options.names?.[value];
  return name === undefined ? digits : `${digits} (${name})`;
}

/** Names of the set bits: letters are run together, words are joined by commas. Unnamed bits are kept as a number. */
export function flagText(value: number, flags: string | readonly string[]): string {
  const found: string[] = [];
  let rest = value;
  for (let i = 0; i < flags.length; i++) {
    const bit = 2 ** i;
    if (Math.floor(value / bit) % 2 === 0) continue;
    found.push(flags[i]!);
    rest -= bit;
  }
  if (rest > 0) return `0x${value.toString(16)}`;
  return found.join(typeof flags === "string" ? "" : ",");
}

/** The number of `value`, which may be a name of it or a list of flags. */
export function parseNumber(what: string, value: unknown, options: NumberOptions, width: number): number {
  const max = 2 ** width - 1;
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= max) return value;
  if (typeof value === "string") {
    if (options.flags !== undefined) {
      const flags = parseFlags(value, options.flags);
      if (flags !== undefined) return flags;
    }
    for (const [code, name] of Object.entries(options.names ?? {})) {
      if (name.toLowerCase() === value.toLowerCase() && Number(code) <= max) return Number(code);
    }
    if (/^(0x[0-9a-f]+|\d+)$/i.test(value) && Number(value) <= max) return Number(value);
  }
  if (typeof value === "boolean") return value ? 1 : 0;
  throw new InvalidValueError(what, value, expected(options, max));
}

function parseFlags(text: string, flags: string | readonly string[]): number | undefined {
  const parts = typeof flags === "string" ? [...text.toUpperCase()] : text.split(/[,|+\s]+/).filter(Boolean);
  let value = 0;
  for (const part of parts) {
    const bit = typeof flags === "string" ? flags.indexOf(part) : flags.indexOf(part.toLowerCase());
    if (bit < 0) return undefined;
    value += Math.floor(value / 2 ** bit) % 2 === 0 ? 2 ** bit : 0;
  }
  return value;
}

function expected(options: NumberOptions, max: number): string {
  const range = `an integer from 0 to ${max}`;
  if (options.flags !== undefined) return `${range} or flags of ${[...options.flags].join(" ")}`;
  const names = Object.values(options.names ?? {});
  if (names.length === 0) return range;
  return `${range} or one of ${names.slice(0, 8).join(", ")}${names.length > 8 ? ", …" : ""}`;
}
