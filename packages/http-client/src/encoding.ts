import { createRequire } from "node:module";

// 0x80–0x9F of windows-1252 as WHATWG Encoding has it. Node's own TextDecoder has decoded these as Latin-1 since
// 20.18.3, 22.13 and 23.4 (nodejs/node#56542).
const WINDOWS_1252 =
  "\u20ac\u0081\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u008d\u017d\u008f" +
  "\u0090\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u009d\u017e\u0178";

const LATIN1 = /^(iso[-_]?8859[-_]?1|latin[-_]?1|l1|iso-ir-100|ibm819|cp819)$/;
const WINDOWS = /^(windows|cp|x-cp)-?1252$/;
const UTF8 = /^(unicode-1-1-)?utf-?8$/;

/** Media type and parameters of a Content-Type header, names in lower case. */
export function parseContentType(header: string): { type: string; parameters: Record<string, string> } {
  const semicolon = header.indexOf(";");
  const type = (semicolon < 0 ? header : header.slice(0, semicolon)).trim().toLowerCase();
  const parameters: Record<string, string> = Object.create(null);
  if (semicolon < 0) return { type, parameters };
  for (const match of header
    .slice(semicolon)
    .matchAll(/;\s*([^=;\s"']+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^;]*)))?/g)) {
    const value = match[2]?.replace(/\\(.)/g, "$1") ?? match[3] ?? match[4]?.trim().replace(/^["']|["']$/g, "") ?? "";
    parameters[match[1]!.toLowerCase()] ??= value;
  }
  return { type, parameters };
}

/** The charset that the headers state: `charset`, else ISO-8859-1 for text and UTF-8 for JSON, as in requests. */
export function encodingFromHeader(contentType: string | null): string | null {
  if (contentType === null) return null;
  const { type, parameters } = parseContentType(contentType);
  if (parameters.charset) return parameters.charset;
  if (type.startsWith("text/")) return "ISO-8859-1";
  if (type === "application/json" || type.endsWith("+json")) return "utf-8";
  return null;
}

/** Decodes text; a byte-order mark of the charset is dropped. Throws RangeError for a charset that nothing here knows. */
export function decodeText(bytes: Uint8Array, charset: string): string {
  const label = charset.trim().toLowerCase();
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (UTF8.test(label) || label === "utf-8-sig") return utf8(buffer);
  if (LATIN1.test(label)) return buffer.toString("latin1");
  if (WINDOWS.test(label)) return windows1252(buffer);
  if (label === "ascii" || label === "us-ascii") return buffer.toString("latin1").replace(/[\x80-\xff]/g, "\ufffd");
  if (/^utf[-_]?32/.test(label)) return utf32(buffer, /be$/.test(label) || startsWith(buffer, 0, 0, 0xfe, 0xff));
  const utf16 = /^utf[-_]?16(?:[-_]?(le|be))?$/.exec(label);
  if (utf16) {
    const order = utf16[1] ?? (startsWith(buffer, 0xfe, 0xff) ? "be" : "le");
    return new TextDecoder(`utf-16${order}`).decode(buffer);
  }
  try {
    return new TextDecoder(label).decode(buffer);
  } catch {
    return iconv(label, charset).decode(buffer, label);
  }
}

function utf8(buffer: Buffer): string {
  const text = buffer.toString("utf8");
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

function windows1252(buffer: Buffer): string {
  return buffer.toString("latin1").replace(/[\x80-\x9f]/g, (c) => WINDOWS_1252[c.charCodeAt(0) - 0x80]!);
}

function utf32(buffer: Buffer, bigEndian: boolean): string {
  const parts: string[] = [];
  const end = buffer.length - (buffer.length % 4);
  for (let i = 0; i < end; i += 4) {
    const point = bigEndian ? buffer.readUInt32BE(i) : buffer.readUInt32LE(i);
    if (i === 0 && point === 0xfeff) continue;
    parts.push(point > 0x10ffff || (point >= 0xd800 && point < 0xe000) ? "\ufffd" : String.fromCodePoint(point));
  }
  if (end !== buffer.length) parts.push("\ufffd");
  return parts.join("");
}

/** UTF-8, UTF-16 or UTF-32 as the first bytes of JSON tell (RFC 4627, section 3, and byte-order marks); null if none. */
export function guessJsonUtf(bytes: Uint8Array): string | null {
  // JSON starts with an ASCII character; a second byte that is not NUL leaves only UTF-8.
  if (bytes[0]! < 0x80 && bytes[0] !== 0 && bytes[1]! > 0) return "utf-8";
  if (startsWith(bytes, 0xff, 0xfe, 0, 0) || startsWith(bytes, 0, 0, 0xfe, 0xff)) return "utf-32";
  if (startsWith(bytes, 0xef, 0xbb, 0xbf)) return "utf-8-sig";
  if (startsWith(bytes, 0xff, 0xfe) || startsWith(bytes, 0xfe, 0xff)) return "utf-16";
  const sample = bytes.subarray(0, 4);
  const nulls = sample.reduce((count, byte) => count + (byte === 0 ? 1 : 0), 0);
  if (nulls === 0) return "utf-8";
  if (nulls === 2) {
    if (sample[0] === 0 && sample[2] === 0) return "utf-16-be";
    if (sample[1] === 0 && sample[3] === 0) return "utf-16-le";
  }
  if (nulls === 3) {
    if (sample[0] === 0 && sample[1] === 0 && sample[2] === 0) return "utf-32-be";
    if (sample[1] === 0 && sample[2] === 0 && sample[3] === 0) return "utf-32-le";
  }
  return null;
}

function startsWith(bytes: Uint8Array, ...prefix: number[]): boolean {
  return prefix.every((byte, i) => bytes[i] === byte);
}

const require = createRequire(import.meta.url);

function iconv(label: string, charset: string): { decode(buffer: Buffer, encoding: string): string } {
  let module: { decode(buffer: Buffer, encoding: string): string; encodingExists(encoding: string): boolean };
  try {
    module = require("iconv-lite");
  } catch (cause) {
    throw new RangeError(
      `charset ${JSON.stringify(charset)} is not known to this Node.js; install iconv-lite for more`,
      { cause },
    );
  }
  if (!module.encodingExists(label)) throw new RangeError(`charset ${JSON.stringify(charset)} is not known`);
  return module;
}

/**
 * The charset that the bytes look like: a byte-order mark, valid UTF-8, else what the optional package chardet says
 * about the first 64 KiB; null when it is not installed or cannot tell.
 */
export function detectEncoding(bytes: Uint8Array): string | null {
  if (startsWith(bytes, 0xff, 0xfe, 0, 0) || startsWith(bytes, 0, 0, 0xfe, 0xff)) return "utf-32";
  if (startsWith(bytes, 0xef, 0xbb, 0xbf)) return "utf-8-sig";
  if (startsWith(bytes, 0xff, 0xfe) || startsWith(bytes, 0xfe, 0xff)) return "utf-16";
  if (bytes.every((byte) => byte < 0x80 && byte !== 0x1b && byte !== 0)) return "ascii";
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return "utf-8";
  } catch {
    try {
      const chardet = require("chardet") as { detect(bytes: Uint8Array): string | null };
      return chardet.detect(bytes.subarray(0, 65_536));
    } catch {
      return null;
    }
  }
}
