/** Group membership as the bytes of socket options; ip(7), ipv6(7), RFC 3678 for sources. */
import { isIPv4, isIPv6 } from "node:net";
import {
  AF_INET,
  AF_INET6,
  IP_ADD_MEMBERSHIP,
  IP_DROP_MEMBERSHIP,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_JOIN_GROUP,
  IPV6_LEAVE_GROUP,
  ifNameIndex,
  inetPton,
  MCAST_JOIN_SOURCE_GROUP,
  MCAST_LEAVE_SOURCE_GROUP,
} from "@sockeye/socket-core";
import { rangeError, typeError } from "./check.ts";

/** An option to set. */
export interface Membership {
  level: number;
  name: number;
  value: Uint8Array;
}

/** sizeof(struct sockaddr_storage), and where it begins in struct group_source_req: after a uint32 and its padding. */
const STORAGE = 128;
const FIRST_ADDRESS = 8;

function int32(value: number): Buffer {
  return Buffer.from(new Int32Array([value]).buffer);
}

/** The number of an interface given by name or number; undefined or 0 lets the kernel choose. */
export function interfaceNumber(value: string | number | undefined): number {
  if (value === undefined) return 0;
  if (typeof value === "number" && Number.isInteger(value) && value >= 0) return value;
  if (typeof value !== "string") throw typeError("interface", "a name or a number", value);
  const found = ifNameIndex().find(({ name }) => name === value);
  if (found === undefined) throw rangeError("interface", "the name of an interface of this machine", value);
  return found.index;
}

/** Whether a literal is a multicast address: 224.0.0.0/4 or ff00::/8. Throws RangeError when it is not a literal. */
export function isMulticast(family: number, address: string): boolean {
  const [first = 0] = inetPton(family, address);
  return family === AF_INET ? first >> 4 === 0xe : first === 0xff;
}

/** The family of a group on a socket: a dual-stack socket joins groups of IPv4 by the IPv4 options. */
function familyOf(socketFamily: number, group: string): number {
  if (socketFamily !== AF_INET && socketFamily !== AF_INET6) {
    throw rangeError("endpoint", "one of IPv4 or IPv6 for multicast", socketFamily);
  }
  return isIPv4(group) ? AF_INET : socketFamily;
}

function checkGroup(family: number, group: string): Buffer {
  if (typeof group !== "string") throw typeError("group", "a multicast address", group);
  const valid = family === AF_INET ? isIPv4(group) : isIPv6(group);
  if (!valid || !isMulticast(family, group)) {
    throw rangeError("group", family === AF_INET ? "in 224.0.0.0/4" : "in ff00::/8", group);
  }
  return inetPton(family, group);
}

function checkSource(family: number, source: string): Buffer {
  const valid = typeof source === "string" && (family === AF_INET ? isIPv4(source) : isIPv6(source));
  if (!valid) throw rangeError("source", `an ${family === AF_INET ? "IPv4" : "IPv6"} literal`, source);
  return inetPton(family, source);
}

/** Joining or leaving a group, whoever sends to it. */
export function membership(socketFamily: number, join: boolean, group: string, on?: string | number): Membership {
  const family = familyOf(socketFamily, group);
  const bytes = checkGroup(family, group);
  const index = int32(interfaceNumber(on));
  if (family === AF_INET6) {
    return {
      level: IPPROTO_IPV6,
      name: join ? IPV6_JOIN_GROUP : IPV6_LEAVE_GROUP,
      value: Buffer.concat([bytes, index]),
    };
  }
  // struct ip_mreqn: group, local address, interface.
  return {
    level: IPPROTO_IP,
    name: join ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP,
    value: Buffer.concat([bytes, Buffer.alloc(4), index]),
  };
}

/** Joining or leaving what one source sends to a group, for either family: struct group_source_req of RFC 3678. */
export function sourceMembership(
  socketFamily: number,
  join: boolean,
  group: string,
  source: string,
  on?: string | number,
): Membership {
  const family = familyOf(socketFamily, group);
  const value = Buffer.alloc(FIRST_ADDRESS + 2 * STORAGE);
  int32(interfaceNumber(on)).copy(value, 0);
  for (const [i, address] of [checkGroup(family, group), checkSource(family, source)].entries()) {
    const at = FIRST_ADDRESS + i * STORAGE;
    Buffer.from(new Uint16Array([family]).buffer).copy(value, at);
    // Behind family and port, and for IPv6 behind the flow label too.
    address.copy(value, at + (family === AF_INET ? 4 : 8));
  }
  return {
    level: family === AF_INET ? IPPROTO_IP : IPPROTO_IPV6,
    name: join ? MCAST_JOIN_SOURCE_GROUP : MCAST_LEAVE_SOURCE_GROUP,
    value,
  };
}
