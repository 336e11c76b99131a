import { InvalidValueError } from "./errors.ts";
import { type Field, type FieldOptions, octets } from "./field.ts";
import { hexByte } from "./hex.ts";

/** `00:11:22:33:44:55`, lower case. */
export function formatMac(b: Uint8Array, at: number): string {
  return `${hexByte(b[at]!)}:${hexByte(b[at + 1]!)}:${hexByte(b[at + 2]!)}:${hexByte(b[at + 3]!)}:${hexByte(b[at + 4]!)}:${hexByte(b[at + 5]!)}`;
}

/** `192.0.2.1` */
export function formatIPv4(b: Uint8Array, at: number): string {
  return `${b[at]!}.${b[at + 1]!}.${b[at + 2]!}.${b[at + 3]!}`;
}

/** The text of RFC 5952: lower case, the longest run of zero groups shortened, IPv4-mapped addresses dotted. */
export function formatIPv6(b: Uint8Array, at: number): string {
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push((b[at + i]! << 8) | b[at + i + 1]!);
  let start = -1;
  let length = 1;
  for (let i = 0; i < 8; i++) {
    let run = i;
    while (run < 8 && groups[run] === 0) run++;
    if (run - i > length) {
      start = i;
      length = run - i;
    }
    if (run > i) i = run - 1;
  }
  if (start === 0 && groups[5] === 0xffff && length === 5) return `::ffff:${formatIPv4(b, at + 12)}`;
  if (start < 0) return groups.map((group) => group.toString(16)).join(":");
  const text = (from: number, to: number) =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(":");
  return `${text(0, start)}::${text(start + length, 8)}`;
}

/** Six bytes of `00:11:22:33:44:55`, `00-11-…` or `0011.2233.4455`. */
export function parseMac(text: string): Uint8Array {
  const digits = text.replace(/[:.-]/g, "");
  if (typeof text !== "string" || !/^[0-9a-f]{12}$/i.test(digits)) {
    throw new InvalidValueError("MAC address", text, "six bytes such as 00:11:22:33:44:55");
  }
  return Uint8Array.from({ length: 6 }, (_, i) => Number.parseInt(digits.slice(i * 2, i * 2 + 2), 16));
}

/** Four bytes of a dotted quad. */
export function parseIPv4(text: string): Uint8Array {
  const parts = typeof text === "string" ? text.split(".") : [];
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) {
    throw new InvalidValueError("IPv4 address", text, "four numbers such as 192.0.2.1");
  }
  return Uint8Array.from(parts, Number);
}

/** Sixteen bytes of an IPv6 address (RFC 4291 section 2.2), without a zone. */
export function parseIPv6(text: string): Uint8Array {
  const fail = () => new InvalidValueError("IPv6 address", text, "an address such as 2001:db8::1");
  if (typeof text !== "string") throw fail();
  let source = text;
  const dot = source.lastIndexOf(":");
  if (source.includes(".") && dot >= 0) {
    const v4 = parseIPv4(source.slice(dot + 1));
    source = `${source.slice(0, dot + 1)}${((v4[0]! << 8) | v4[1]!).toString(16)}:${((v4[2]! << 8) | v4[3]!).toString(16)}`;
  }
  const halves = source.split("::");
  if (halves.length > 2) throw fail();
  const [head = [], tail = []] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) throw fail();
  const groups = halves.length === 2 ? [...head, ...Array<string>(missing).fill("0"), ...tail] : head;
  const bytes = new Uint8Array(16);
  groups.forEach((group, i) => {
    if (!/^[0-9a-f]{1,4}$/i.test(group)) throw fail();
    const value = Number.parseInt(group, 16);
    bytes[i * 2] = value >>> 8;
    bytes[i * 2 + 1] = value;
  });
  return bytes;
}

/** Whether `text` is an IPv6 rather than an IPv4 address. */
export function isIPv6Text(text: string): boolean {
  return text.includes(":");
}

/** A 48-bit MAC address as text. */
export function mac(options: FieldOptions<string> = {}): Field<string> {
  return octets<string>(
    6,
    { read: formatMac, write: (out, value) => out.put(parseMac(value)) },
    {
      default: "00:00:00:00:00:00",
      ...options,
    },
  );
}

/** An IPv4 address as text. */
export function ipv4(options: FieldOptions<string> = {}): Field<string> {
  return octets<string>(
    4,
    { read: formatIPv4, write: (out, value) => out.put(parseIPv4(value)) },
    {
      default: "0.0.0.0",
      ...options,
    },
  );
}

/** An IPv6 address as text. */
export function ipv6(options: FieldOptions<string> = {}): Field<string> {
  return octets<string>(
    16,
    { read: formatIPv6, write: (out, value) => out.put(parseIPv6(value)) },
    {
      default: "::",
      ...options,
    },
  );
}
