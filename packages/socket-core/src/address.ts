/** Addresses: plain objects on one side, `sockaddr` bytes on the other; ip(7), ipv6(7), unix(7). */
import { isIPv6 } from "node:net";
import { checkInteger, checkString, rangeError, typeError } from "./check.ts";
import { AF_INET, AF_INET6, AF_PACKET, AF_UNIX } from "./constants.ts";
import { systemError } from "./errors.ts";
import { type AddressBuffer, native } from "./native.ts";

/** An IPv4 or IPv6 literal with its port. */
export interface InetAddress {
  /** A literal such as `"127.0.0.1"`, `"::1"` or `"fe80::1%eth0"`. */
  address: string;
  /** 0 to 65535; 0 in `bind` lets the kernel choose. */
  port: number;
  /** IPv6 only: the interface number of a link-local address. Default 0. */
  scopeId?: number;
  /** IPv6 only: traffic class and flow label. Default 0. */
  flowinfo?: number;
}

/** A Unix socket: a file system path, or with a leading NUL a name in Linux' abstract namespace. Unnamed: `""`. */
export interface UnixAddress {
  /** 1 to 107 bytes in UTF-8 (103 on macOS). */
  path: string;
}

/** A packet socket's, packet(7). */
export interface PacketAddress {
  /** The interface's name or number; what is received has the number. In `bind`, 0 is every interface. */
  interface: string | number;
  /** An ETH_P_ constant, in host order; `ETH_P_ALL` in `bind` for every protocol. */
  protocol: number;
  /** The MAC address of the sender, or of the receiver in `sendto`, such as `"02:00:00:00:00:01"`. */
  hardwareAddress?: string;
  /** ARPHRD_ number of the interface; only received. */
  hardwareType?: number;
  /** `PACKET_HOST`, `PACKET_OUTGOING` …; only received. */
  packetType?: number;
}

/** The address of a socket, literal in either family. */
export type Address = InetAddress | UnixAddress;

/** An address of any family. */
export type AnyAddress = Address | PacketAddress;

/** What `bind` takes: without `address` the wildcard of the family; `"localhost"` is the family's loopback literal. */
export type BindAddress = { address?: string; port: number; scopeId?: number; flowinfo?: number } | UnixAddress;

/* sockaddr_ll { family, protocol, interface, hardware type, packet type, address length, address }. */
const PROTOCOL = 6;
const INTERFACE = 8;
const HARDWARE_TYPE = 12;
const PACKET_TYPE = 14;
const HARDWARE_LENGTH = 15;
const HARDWARE = 16;
const MAX_HARDWARE = 8;
const PACKET_END = 24;

/* The buffer: length, then sockaddr_in { family, port, addr }, sockaddr_in6 { family, port, flowinfo, addr, scope }
 * or sockaddr_un { family, path }. Ports and flowinfo are big-endian, the rest is in host order. */
const FAMILY = 4;
const PORT = 6;
const INET = 8;
const INET_END = 20;
const FLOWINFO = 8;
const INET6 = 12;
const SCOPE = 28;
const INET6_END = 32;
const PATH = 6;
/** sun_path of unix(7) on Linux; 104 on macOS. */
const PATH_SIZE = process.platform === "darwin" ? 104 : 108;

const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
/** The BSDs keep a length byte before a family of one byte. */
const hasLengthByte = process.platform === "darwin";

/** One buffer serves every call: addresses cross synchronously. */
export const addressBuffer: AddressBuffer = new Uint8Array(4 + 128);
const view = new DataView(addressBuffer.buffer);

function start(family: number, end: number): void {
  addressBuffer.fill(0, 0, end);
  view.setUint32(0, end - FAMILY, littleEndian);
  if (hasLengthByte) {
    addressBuffer[FAMILY] = end - FAMILY;
    addressBuffer[FAMILY + 1] = family;
  } else {
    view.setUint16(FAMILY, family, littleEndian);
  }
}

function familyOf(): number {
  return hasLengthByte ? addressBuffer[FAMILY + 1]! : view.getUint16(FAMILY, littleEndian);
}

/** Writes the bytes of a dotted-quad literal and tells whether it is one: four decimal octets, no leading zeros. */
export function parseIPv4(text: string, out: Uint8Array, offset: number): boolean {
  let octet = -1;
  let digits = 0;
  let count = 0;
  for (let i = 0; i <= text.length; i++) {
    const c = i === text.length ? 46 : text.charCodeAt(i);
    if (c === 46) {
      if (octet < 0 || count === 4) return false;
      out[offset + count++] = octet;
      octet = -1;
      digits = 0;
    } else {
      if (c < 48 || c > 57 || octet === 0 || ++digits > 3) return false;
      octet = Math.max(octet, 0) * 10 + c - 48;
      if (octet > 255) return false;
    }
  }
  return count === 4;
}

/** The same for IPv6 without a zone, RFC 4291 section 2.2. */
export function parseIPv6(text: string, out: Uint8Array, offset: number): boolean {
  if (!isIPv6(text) || text.includes("%")) return false;
  let rest = text;
  const lastColon = rest.lastIndexOf(":");
  const tail = new Uint8Array(4);
  if (rest.includes(".")) {
    if (!parseIPv4(rest.slice(lastColon + 1), tail, 0)) return false;
    const high = ((tail[0]! << 8) | tail[1]!).toString(16);
    const low = ((tail[2]! << 8) | tail[3]!).toString(16);
    rest = `${rest.slice(0, lastColon + 1)}${high}:${low}`;
  }
  const [left = "", right] = rest.split("::");
  const head = left === "" ? [] : left.split(":");
  const end = right === undefined || right === "" ? [] : right.split(":");
  const groups = right === undefined ? head : [...head, ...new Array(8 - head.length - end.length).fill("0"), ...end];
  for (const [i, group] of groups.entries()) {
    const value = Number.parseInt(group, 16);
    out[offset + i * 2] = value >> 8;
    out[offset + i * 2 + 1] = value & 255;
  }
  return true;
}

function zoneToScope(zone: string): number {
  if (/^\d+$/.test(zone)) return checkInteger("the zone of address", Number(zone), 0, 2 ** 32 - 1);
  if (zone === "") throw rangeError("the zone of address", "a number or the name of an interface", zone);
  const index = native.ifNameToIndex(zone);
  if (index < 0) throw systemError("if_nametoindex", index, { address: zone });
  return index;
}

function literal(family: number, address: string | undefined, wildcard: boolean): string {
  if (address === undefined && wildcard) return family === AF_INET6 ? "::" : "0.0.0.0";
  if (address === "localhost" && wildcard) return family === AF_INET6 ? "::1" : "127.0.0.1";
  return checkString("address", address);
}

function encodeInet(family: number, value: Partial<InetAddress>, wildcard: boolean): void {
  const port = checkInteger("port", value.port, 0, 65535);
  const text = literal(family, value.address, wildcard);
  if (family === AF_INET) {
    start(family, INET_END);
    if (!parseIPv4(text, addressBuffer, INET)) throw rangeError("address", "an IPv4 literal such as 127.0.0.1", text);
  } else {
    const zone = text.indexOf("%");
    const scope =
      zone < 0 ? checkInteger("scopeId", value.scopeId ?? 0, 0, 2 ** 32 - 1) : zoneToScope(text.slice(zone + 1));
    const flowinfo = checkInteger("flowinfo", value.flowinfo ?? 0, 0, 2 ** 32 - 1);
    start(family, INET6_END);
    // An IPv4 literal on an IPv6 socket is meant as its mapped form, RFC 4291 section 2.5.5.2.
    if (parseIPv4(text, addressBuffer, INET6 + 12)) {
      addressBuffer.fill(0xff, INET6 + 10, INET6 + 12);
    } else if (!parseIPv6(zone < 0 ? text : text.slice(0, zone), addressBuffer, INET6)) {
      throw rangeError("address", "an IPv6 literal such as ::1", text);
    }
    view.setUint32(FLOWINFO, flowinfo);
    view.setUint32(SCOPE, scope, littleEndian);
  }
  view.setUint16(PORT, port);
}

function encodeUnix(value: UnixAddress): void {
  const path = checkString("path", value.path);
  const bytes = Buffer.from(path, "utf8");
  const abstract = path.startsWith("\0");
  if (!abstract && path.includes("\0")) throw rangeError("path", "without NUL except as the first character", path);
  // A path needs its terminating NUL; an abstract name is as long as the address says.
  const limit = abstract ? PATH_SIZE : PATH_SIZE - 1;
  if (bytes.length === 0 || bytes.length > limit) throw rangeError("path", `1 to ${limit} bytes long`, path);
  start(AF_UNIX, PATH + bytes.length + (abstract ? 0 : 1));
  addressBuffer.set(bytes, PATH);
}

function encodePacket(value: PacketAddress): void {
  const protocol = checkInteger("protocol", value.protocol, 0, 65535);
  const index =
    typeof value.interface === "number"
      ? checkInteger("interface", value.interface, 0, 2 ** 31 - 1)
      : zoneToScope(checkString("interface", value.interface));
  start(AF_PACKET, PACKET_END);
  view.setUint16(PROTOCOL, protocol);
  view.setInt32(INTERFACE, index, littleEndian);
  if (value.hardwareAddress === undefined) return;
  const bytes = checkString("hardwareAddress", value.hardwareAddress).split(/[:-]/);
  if (bytes.length > MAX_HARDWARE || !bytes.every((byte) => /^[0-9a-f]{1,2}$/i.test(byte))) {
    throw rangeError("hardwareAddress", "hexadecimal bytes with colons", value.hardwareAddress);
  }
  addressBuffer[HARDWARE_LENGTH] = bytes.length;
  addressBuffer.set(
    bytes.map((byte) => Number.parseInt(byte, 16)),
    HARDWARE,
  );
}

function decodePacket(): PacketAddress {
  const length = Math.min(addressBuffer[HARDWARE_LENGTH]!, MAX_HARDWARE);
  return {
    interface: view.getInt32(INTERFACE, littleEndian),
    protocol: view.getUint16(PROTOCOL),
    hardwareAddress: Array.from(addressBuffer.subarray(HARDWARE, HARDWARE + length), hex).join(":"),
    hardwareType: view.getUint16(HARDWARE_TYPE, littleEndian),
    packetType: addressBuffer[PACKET_TYPE]!,
  };
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

/**
 * Writes an address of the family into `addressBuffer`. With `wildcard`, a missing address and `"localhost"` have the
 * meaning that they have in `bind`. Throws a TypeError or RangeError that names what does not fit.
 */
export function encodeAddress(family: number, value: unknown, wildcard = false): void {
  if (typeof value !== "object" || value === null) {
    throw typeError("address", family === AF_UNIX ? "{ path }" : "{ address, port }", value);
  }
  if (family === AF_INET || family === AF_INET6) {
    if ("path" in value) throw typeError("address", "{ address, port } for this socket", value);
    encodeInet(family, value as Partial<InetAddress>, wildcard);
  } else if (family === AF_UNIX) {
    if (!("path" in value)) throw typeError("address", "{ path } for a Unix socket", value);
    encodeUnix(value as UnixAddress);
  } else if (family === AF_PACKET) {
    if (!("interface" in value)) throw typeError("address", "{ interface, protocol } for a packet socket", value);
    encodePacket(value as PacketAddress);
  } else {
    throw rangeError("family", "AF_INET, AF_INET6, AF_UNIX or AF_PACKET", family);
  }
}

/** The text of an IPv6 address in the form of RFC 5952. */
export function formatIPv6(bytes: Uint8Array, offset: number): string {
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push((bytes[offset + i]! << 8) | bytes[offset + i + 1]!);
  if (groups.slice(0, 5).every((g) => g === 0) && groups[5] === 0xffff) {
    return `::ffff:${bytes.subarray(offset + 12, offset + 16).join(".")}`;
  }
  let best = -1;
  let bestLength = 1;
  for (let i = 0; i < 8; i++) {
    let length = 0;
    while (i + length < 8 && groups[i + length] === 0) length++;
    if (length > bestLength) {
      best = i;
      bestLength = length;
    }
  }
  const text = (part: number[]): string => part.map((g) => g.toString(16)).join(":");
  return best < 0 ? text(groups) : `${text(groups.slice(0, best))}::${text(groups.slice(best + bestLength))}`;
}

/** Reads the address that a call left in `addressBuffer`; that of a packet socket is a PacketAddress. */
export function decodeAddress(): Address {
  const end = FAMILY + view.getUint32(0, littleEndian);
  const family = end >= PORT ? familyOf() : AF_UNIX;
  if (family === AF_INET) {
    const b = addressBuffer;
    return { address: `${b[INET]}.${b[INET + 1]}.${b[INET + 2]}.${b[INET + 3]}`, port: view.getUint16(PORT) };
  }
  if (family === AF_INET6) {
    const scopeId = view.getUint32(SCOPE, littleEndian);
    const flowinfo = view.getUint32(FLOWINFO);
    return {
      address: formatIPv6(addressBuffer, INET6),
      port: view.getUint16(PORT),
      ...(scopeId === 0 ? {} : { scopeId }),
      ...(flowinfo === 0 ? {} : { flowinfo }),
    };
  }
  if (family === AF_PACKET) return decodePacket() as unknown as Address;
  let last = Math.min(Math.max(end, PATH), addressBuffer.length);
  if (last > PATH && addressBuffer[PATH] !== 0) {
    const nul = addressBuffer.indexOf(0, PATH);
    if (nul >= 0 && nul < last) last = nul;
  } else if (hasLengthByte) {
    last = PATH;
  }
  return { path: Buffer.from(addressBuffer.buffer, PATH, last - PATH).toString("utf8") };
}
