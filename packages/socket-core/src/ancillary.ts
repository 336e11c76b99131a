/** Ancillary data, cmsg(3): what travels beside the bytes of a message, in both directions. No I/O. */
import { closeSync } from "node:fs";
import { type Address, formatIPv6, parseIPv4, parseIPv6 } from "./address.ts";
import { checkInteger, checkString, rangeError, typeError } from "./check.ts";
import {
  IP_PKTINFO,
  IP_RECVERR,
  IP_RECVTOS,
  IP_TOS,
  IP_TTL,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_HOPLIMIT,
  IPV6_PKTINFO,
  IPV6_RECVERR,
  IPV6_TCLASS,
  SCM_CREDENTIALS,
  SCM_RIGHTS,
  SCM_TIMESTAMP,
  SCM_TIMESTAMPNS,
  SO_RXQ_OVFL,
  SOL_SOCKET,
  SOL_UDP,
  UDP_GRO,
} from "./constants.ts";
import { layout } from "./native.ts";

/** The kernel passes at most so many descriptors in one message (SCM_MAX_FD). */
export const MAX_DESCRIPTORS = 253;

/** One item of ancillary data, as the kernel has it. */
export interface AncillaryMessage {
  /** A SOL_ or IPPROTO_ constant. */
  level: number;
  /** An SCM_, IP_, IPV6_ or SO_ constant. */
  type: number;
  data: Uint8Array;
}

/** A descriptor that came by SCM_RIGHTS. Nobody else has the number: take it or close it. */
export class PassedDescriptor {
  #fd: number;

  /** @internal */
  constructor(fd: number) {
    this.#fd = fd;
    untaken.register(this, fd, this);
  }

  /** The number, or -1 after `take` or `close`. */
  get fd(): number {
    return this.#fd;
  }

  /** The number, which is the caller's to close from now on: for `Socket.fromFd`, `node:fs` or `node:net`. */
  take(): number {
    const fd = this.#fd;
    if (fd < 0) throw rangeError("descriptor", "one that was neither taken nor closed", this);
    this.#fd = -1;
    untaken.unregister(this);
    return fd;
  }

  /** Closes it; does nothing after `take` or `close`. */
  close(): void {
    if (this.#fd >= 0) closeSync(this.take());
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** What nobody took is closed with the object. */
const untaken = new FinalizationRegistry<number>((fd) => closeSync(fd));

/** The items of ancillary data that this package knows, decoded. */
export interface Ancillary {
  /** SCM_RIGHTS: descriptors that the peer passed. */
  descriptors?: PassedDescriptor[];
  /** SCM_CREDENTIALS: the sending process, unix(7). */
  credentials?: Credentials;
  /** IP_PKTINFO or IPV6_PKTINFO: where a datagram was sent to, and the number of the interface that it came in on. */
  packetInfo?: { address: string; interface: number };
  /** IP_TTL or IPV6_HOPLIMIT. */
  ttl?: number;
  /** IP_TOS or IPV6_TCLASS: the whole octet; ECN is its lower two bits. */
  tos?: number;
  /** SO_TIMESTAMP or SO_TIMESTAMPNS: when the kernel received it, in nanoseconds since 1970. */
  timestamp?: bigint;
  /** SO_RXQ_OVFL: datagrams that this socket has dropped so far. */
  dropped?: number;
  /** UDP_GRO: the bytes hold several datagrams of this size. */
  segmentSize?: number;
  /** IP_RECVERR or IPV6_RECVERR: what MSG_ERRQUEUE returned, ip(7). */
  error?: ExtendedError;
}

/** A process as the kernel vouches for it. */
export interface Credentials {
  pid: number;
  uid: number;
  gid: number;
}

/** struct sock_extended_err of ip(7). */
export interface ExtendedError {
  /** The errno, positive. */
  errno: number;
  /** Where it comes from: 1 local, 2 ICMP, 3 ICMPv6, 4 transmit status. */
  origin: number;
  /** ICMP type and code. */
  type: number;
  code: number;
  /** For EMSGSIZE the path MTU. */
  info: number;
  data: number;
  /** The node that reported it, where one did. */
  offender?: string;
}

const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

function align(length: number): number {
  return Math.ceil(length / layout.cmsgAlign) * layout.cmsgAlign;
}

/** The room that one item with so many bytes takes, CMSG_SPACE of cmsg(3). */
export function ancillarySpace(length: number): number {
  return layout.cmsgHeader + align(checkInteger("length", length, 0, 2 ** 20));
}

/** Items as the bytes of a control buffer. Throws TypeError or RangeError. */
export function encodeAncillary(items: readonly AncillaryMessage[]): Uint8Array {
  if (!Array.isArray(items)) throw typeError("ancillary", "a list of { level, type, data }", items);
  let total = 0;
  for (const item of items) {
    if (!(item?.data instanceof Uint8Array)) throw typeError("ancillary", "a list of { level, type, data }", item);
    checkInteger("level", item.level, 0, 2 ** 31 - 1);
    checkInteger("type", item.type, 0, 2 ** 31 - 1);
    total += ancillarySpace(item.data.length);
  }
  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const { level, type, data } of items) {
    const length = layout.cmsgHeader + data.length;
    view.setUint32(at + (littleEndian || layout.cmsgLengthSize === 4 ? 0 : 4), length, littleEndian);
    view.setInt32(at + layout.cmsgLengthSize, level, littleEndian);
    view.setInt32(at + layout.cmsgLengthSize + 4, type, littleEndian);
    bytes.set(data, at + layout.cmsgHeader);
    at += ancillarySpace(data.length);
  }
  return bytes;
}

/** The items of a control buffer. What is malformed or cut off ends the list: nothing is read beyond the buffer. */
export function decodeAncillary(control: Uint8Array): AncillaryMessage[] {
  const items: AncillaryMessage[] = [];
  const view = new DataView(control.buffer, control.byteOffset, control.byteLength);
  let at = 0;
  while (control.length - at >= layout.cmsgHeader) {
    const length = view.getUint32(at + (littleEndian || layout.cmsgLengthSize === 4 ? 0 : 4), littleEndian);
    if (length < layout.cmsgHeader || length > control.length - at) break;
    items.push({
      level: view.getInt32(at + layout.cmsgLengthSize, littleEndian),
      type: view.getInt32(at + layout.cmsgLengthSize + 4, littleEndian),
      data: control.slice(at + layout.cmsgHeader, at + length),
    });
    at += align(length);
  }
  return items;
}

/** Whether an item passes descriptors. */
export function isRights(item: AncillaryMessage): boolean {
  return is(item, SOL_SOCKET, SCM_RIGHTS);
}

/** The descriptors in a control buffer, each once. */
function descriptorsOf(data: Uint8Array): PassedDescriptor[] {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const passed: PassedDescriptor[] = [];
  for (let at = 0; at + 4 <= data.length; at += 4) passed.push(new PassedDescriptor(view.getInt32(at, littleEndian)));
  return passed;
}

function is(item: AncillaryMessage, level: number, ...types: number[]): boolean {
  return item.level === level && item.type >= 0 && types.includes(item.type);
}

/** Decodes the items that this package knows; the others are left out. Too short an item is left out too. */
export function parseAncillary(items: readonly AncillaryMessage[]): Ancillary {
  const result: Ancillary = {};
  for (const item of items) {
    const { data } = item;
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    const int = (at: number): number => view.getInt32(at, littleEndian);
    if (isRights(item)) {
      result.descriptors = [...(result.descriptors ?? []), ...descriptorsOf(data)];
    } else if (is(item, SOL_SOCKET, SCM_CREDENTIALS) && data.length >= 12) {
      result.credentials = { pid: int(0), uid: view.getUint32(4, littleEndian), gid: view.getUint32(8, littleEndian) };
    } else if (is(item, SOL_SOCKET, SCM_TIMESTAMPNS, SCM_TIMESTAMP) && data.length >= 16) {
      const part = item.type === SCM_TIMESTAMPNS ? 1n : 1000n;
      const seconds = view.getBigInt64(0, littleEndian);
      result.timestamp = seconds * 1_000_000_000n + view.getBigInt64(8, littleEndian) * part;
    } else if (is(item, SOL_SOCKET, SO_RXQ_OVFL) && data.length >= 4) {
      result.dropped = view.getUint32(0, littleEndian);
    } else if (is(item, SOL_UDP, UDP_GRO) && data.length >= 2) {
      result.segmentSize = data.length >= 4 ? int(0) : view.getUint16(0, littleEndian);
    } else if (is(item, IPPROTO_IP, IP_PKTINFO) && data.length >= 12) {
      result.packetInfo = { address: data.subarray(8, 12).join("."), interface: int(0) };
    } else if (is(item, IPPROTO_IPV6, IPV6_PKTINFO) && data.length >= 20) {
      result.packetInfo = { address: formatIPv6(data, 0), interface: int(16) };
    } else if ((is(item, IPPROTO_IP, IP_TTL) || is(item, IPPROTO_IPV6, IPV6_HOPLIMIT)) && isOctet(data)) {
      result.ttl = data.length >= 4 ? int(0) : data[0]!;
    } else if ((is(item, IPPROTO_IP, IP_TOS, IP_RECVTOS) || is(item, IPPROTO_IPV6, IPV6_TCLASS)) && isOctet(data)) {
      result.tos = data.length >= 4 ? int(0) : data[0]!;
    } else if ((is(item, IPPROTO_IP, IP_RECVERR) || is(item, IPPROTO_IPV6, IPV6_RECVERR)) && data.length >= 16) {
      result.error = extendedError(item.level, data, view);
    }
  }
  return result;
}

/** Systems differ in whether such a number is an octet or an int; what is in between was cut. */
function isOctet(data: Uint8Array): boolean {
  return data.length === 1 || data.length >= 4;
}

function extendedError(level: number, data: Uint8Array, view: DataView): ExtendedError {
  // sock_extended_err: errno, origin, type, code, pad, info, data; then the sockaddr of the offender.
  const error: ExtendedError = {
    errno: view.getUint32(0, littleEndian),
    origin: data[4]!,
    type: data[5]!,
    code: data[6]!,
    info: view.getUint32(8, littleEndian),
    data: view.getUint32(12, littleEndian),
  };
  const family = data.length >= 18 ? view.getUint16(16, littleEndian) : 0;
  if (family === 0) return error;
  if (level === IPPROTO_IP && data.length >= 24) error.offender = data.subarray(20, 24).join(".");
  else if (level === IPPROTO_IPV6 && data.length >= 40) error.offender = formatIPv6(data, 24);
  return error;
}

function int32(value: number): Uint8Array {
  return new Uint8Array(new Int32Array([value]).buffer);
}

/** SCM_RIGHTS: passes descriptors. They share their state, O_NONBLOCK included, with the ones that stay here. */
export function rights(descriptors: readonly number[]): AncillaryMessage {
  if (!Array.isArray(descriptors)) throw typeError("descriptors", "a list of descriptor numbers", descriptors);
  if (descriptors.length < 1 || descriptors.length > MAX_DESCRIPTORS) {
    throw rangeError("descriptors", `1 to ${MAX_DESCRIPTORS} descriptors`, descriptors);
  }
  for (const fd of descriptors) checkInteger("descriptor", fd, 0, 2 ** 31 - 1);
  return { level: SOL_SOCKET, type: SCM_RIGHTS, data: new Uint8Array(new Int32Array(descriptors).buffer) };
}

/** IP_PKTINFO or IPV6_PKTINFO: the source address and interface of a datagram; `interface` 0 lets the kernel choose. */
export function packetInfo(address: string, interfaceNumber = 0): AncillaryMessage {
  checkString("address", address);
  checkInteger("interface", interfaceNumber, 0, 2 ** 31 - 1);
  const v4 = new Uint8Array(12);
  // in_pktinfo: interface, then the source address, then the header's destination, which sending ignores.
  if (parseIPv4(address, v4, 4)) {
    v4.set(int32(interfaceNumber), 0);
    return { level: IPPROTO_IP, type: IP_PKTINFO, data: v4 };
  }
  const v6 = new Uint8Array(20);
  if (!parseIPv6(address, v6, 0)) throw rangeError("address", "an IPv4 or IPv6 literal", address);
  v6.set(int32(interfaceNumber), 16);
  return { level: IPPROTO_IPV6, type: IPV6_PKTINFO, data: v6 };
}

/** IP_TTL or IPV6_HOPLIMIT for one datagram, by the family of its address; 1 to 255. */
export function timeToLive(ttl: number, address: Address): AncillaryMessage {
  checkInteger("ttl", ttl, 1, 255);
  return isIPv6Address(address)
    ? { level: IPPROTO_IPV6, type: IPV6_HOPLIMIT, data: int32(ttl) }
    : { level: IPPROTO_IP, type: IP_TTL, data: int32(ttl) };
}

/** IP_TOS or IPV6_TCLASS for one datagram, by the family of its address; 0 to 255, ECN in the lower two bits. */
export function typeOfService(tos: number, address: Address): AncillaryMessage {
  checkInteger("tos", tos, 0, 255);
  return isIPv6Address(address)
    ? { level: IPPROTO_IPV6, type: IPV6_TCLASS, data: int32(tos) }
    : { level: IPPROTO_IP, type: IP_TOS, data: int32(tos) };
}

function isIPv6Address(address: Address): boolean {
  return "address" in address && address.address.includes(":");
}
