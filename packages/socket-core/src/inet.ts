/** Addresses and numbers as the network has them; inet(3), byteorder(3). */
import { formatIPv6, parseIPv4, parseIPv6 } from "./address.ts";
import { checkBuffer, checkInteger, checkString, rangeError } from "./check.ts";
import { AF_INET, AF_INET6 } from "./constants.ts";

const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

function familySize(family: number): number {
  if (family === AF_INET) return 4;
  if (family === AF_INET6) return 16;
  throw rangeError("family", "AF_INET or AF_INET6", family);
}

/** inet_pton(3): the 4 or 16 bytes of a literal. Throws RangeError for what is not one. */
export function inetPton(family: number, text: string): Buffer {
  const bytes = Buffer.alloc(familySize(family));
  checkString("text", text);
  const valid = family === AF_INET ? parseIPv4(text, bytes, 0) : parseIPv6(text, bytes, 0);
  if (!valid) throw rangeError("text", family === AF_INET ? "an IPv4 literal" : "an IPv6 literal", text);
  return bytes;
}

/** inet_ntop(3): the literal of 4 or 16 bytes, IPv6 in the form of RFC 5952. */
export function inetNtop(family: number, bytes: Uint8Array): string {
  const size = familySize(family);
  if (checkBuffer("bytes", bytes).length !== size) throw rangeError("bytes", `${size} bytes long`, bytes);
  return family === AF_INET ? bytes.join(".") : formatIPv6(bytes, 0);
}

/** inet_aton(3): 4 bytes of an IPv4 address in any of its old forms: `a.b.c.d`, `a.b.c`, `a.b`, `a`, decimal, octal or hex. */
export function inetAton(text: string): Buffer {
  const parts = checkString("text", text).split(".");
  const numbers = parts.map((part) =>
    /^(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)$/.test(part)
      ? Number(/^0[0-7]+$/.test(part) ? `0o${part.slice(1)}` : part)
      : Number.NaN,
  );
  const last = numbers.pop() ?? Number.NaN;
  const valid =
    parts.length <= 4 && numbers.every((n) => n <= 255) && Number.isInteger(last) && last < 256 ** (4 - numbers.length);
  if (!valid) throw rangeError("text", "an IPv4 address", text);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(last);
  for (const [i, n] of numbers.entries()) bytes[i] = n;
  return bytes;
}

/** inet_ntoa(3): 4 bytes as `a.b.c.d`. */
export function inetNtoa(bytes: Uint8Array): string {
  return inetNtop(AF_INET, bytes);
}

function swap16(value: number): number {
  return ((value & 0xff) << 8) | (value >> 8);
}
function swap32(value: number): number {
  return ((value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0;
}

/** htons(3): 16 bits from host to network order. */
export function htons(value: number): number {
  checkInteger("value", value, 0, 0xffff);
  return littleEndian ? swap16(value) : value;
}
/** ntohs(3): 16 bits from network to host order. */
export function ntohs(value: number): number {
  return htons(value);
}

/** htonl(3): 32 bits from host to network order. */
export function htonl(value: number): number {
  checkInteger("value", value, 0, 0xffffffff);
  return littleEndian ? swap32(value) : value;
}
/** ntohl(3): 32 bits from network to host order. */
export function ntohl(value: number): number {
  return htonl(value);
}
