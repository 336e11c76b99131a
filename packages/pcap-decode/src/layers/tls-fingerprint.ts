import { md5 } from "@noble/hashes/legacy.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { toHex } from "../hex.ts";
import {
  type ClientHello,
  numberList,
  protocols,
  type ServerHello,
  serverName,
  supportedVersions,
} from "./tls-hello.ts";

const SUPPORTED_GROUPS = 10;
const POINT_FORMATS = 11;
const SIGNATURE_ALGORITHMS = 13;
const encoder = new TextEncoder();

/** Reserved values that clients insert at random (RFC 8701): 0x0a0a, 0x1a1a, …, 0xfafa. */
function isGrease(value: number): boolean {
  return (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff);
}

const real = (values: readonly number[]) => values.filter((value) => !isGrease(value));

/** The text whose MD5 is JA3: version, ciphers, extensions, groups and point formats, without GREASE. */
export function ja3Text(hello: ClientHello): string {
  return [
    hello.version,
    real(hello.cipherSuites).join("-"),
    real(hello.extensions.map(({ type }) => type)).join("-"),
    real(numberList(hello, SUPPORTED_GROUPS, 2, 2)).join("-"),
    numberList(hello, POINT_FORMATS, 1, 1).join("-"),
  ].join(",");
}

/** JA3 of a client. */
export function ja3(hello: ClientHello): string {
  return toHex(md5(encoder.encode(ja3Text(hello))));
}

/** JA3S of a server: version, cipher and extensions. */
export function ja3s(hello: ServerHello): string {
  const text = [hello.version, hello.cipherSuite, hello.extensions.map(({ type }) => type).join("-")].join(",");
  return toHex(md5(encoder.encode(text)));
}

const versionNames: Readonly<Record<number, string>> = {
  772: "13",
  771: "12",
  770: "11",
  769: "10",
  768: "s3",
  2: "s2",
};
const hex4 = (value: number) => value.toString(16).padStart(4, "0");
const count = (length: number) => String(Math.min(length, 99)).padStart(2, "0");

function truncatedHash(text: string): string {
  return text === "" ? "000000000000" : toHex(sha256(encoder.encode(text))).slice(0, 12);
}

/** First and last character of the first ALPN value; as hexadecimal digits when one is not alphanumeric. */
function alpnCode(hello: ClientHello): string {
  const first = protocols(hello)[0];
  if (first === undefined || first === "") return "00";
  const ends = first[0]! + first.at(-1)!;
  if (/^[0-9a-z]{2}$/i.test(ends)) return ends;
  const hex = (character: string) => character.charCodeAt(0).toString(16).padStart(2, "0");
  return hex(first[0]!)[0]! + hex(first.at(-1)!)[1]!;
}

/** JA4 of a client over `transport`: `t` for TCP, `q` for QUIC. */
export function ja4(hello: ClientHello, transport: "t" | "q" = "t"): string {
  const version = Math.max(...real(supportedVersions(hello)), 0);
  const ciphers = real(hello.cipherSuites);
  const extensions = real(hello.extensions.map(({ type }) => type));
  const head = `${transport}${versionNames[version] ?? "00"}${serverName(hello) === undefined ? "i" : "d"}${count(ciphers.length)}${count(extensions.length)}${alpnCode(hello)}`;
  const hashedExtensions = extensions
    .filter((type) => type !== 0 && type !== 16)
    .map(hex4)
    .sort();
  const signatures = numberList(hello, SIGNATURE_ALGORITHMS, 2, 2)
    .filter((value) => !isGrease(value))
    .map(hex4);
  const tail = hashedExtensions.join(",") + (signatures.length > 0 ? `_${signatures.join(",")}` : "");
  return `${head}_${truncatedHash(ciphers.map(hex4).sort().join(","))}_${truncatedHash(hashedExtensions.length === 0 ? "" : tail)}`;
}
