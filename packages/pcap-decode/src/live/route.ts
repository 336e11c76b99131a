import { isIPv4, isIPv6 } from "node:net";
import { AF_INET, AF_INET6, inetNtop, inetPton } from "@sockeye/socket-core";
import { InvalidValueError } from "../errors.ts";
import { interfaces, type NetworkInterface } from "./interfaces.ts";
import { askKernel, attributes } from "./netlink.ts";

/** How this system would send to an address. */
export interface Route {
  /** The interface that it would leave by. */
  readonly interface: NetworkInterface;
  /** The address that it would have as its source. */
  readonly source: string;
  /** The router that takes it next; undefined where the destination is on the interface's own network. */
  readonly gateway: string | undefined;
}

/* rtnetlink(7) */
const RTM_NEWROUTE = 24;
const RTM_GETROUTE = 26;
/** struct rtmsg { u8 family, dst_len, src_len, tos, table, protocol, scope, type; u32 flags } */
const RTMSG = { family: 0, destinationBits: 1, size: 12 } as const;
const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;
const RTA_PREFSRC = 7;

/**
 * The route that the kernel takes to an IPv4 or IPv6 literal. Needs no rights. Throws an InvalidValueError for what is
 * no literal and a SocketError where there is no route (ENETUNREACH).
 */
export function routeTo(address: string): Route {
  if (!isIPv4(address) && !isIPv6(address)) throw new InvalidValueError("address", address, "an IPv4 or IPv6 literal");
  const family = isIPv4(address) ? AF_INET : AF_INET6;
  const [literal, zone] = address.split("%");
  const bytes = inetPton(family, literal!);
  const all = interfaces();
  const scope = zone === undefined ? undefined : all.find(({ name, index }) => name === zone || `${index}` === zone);
  const request = Buffer.alloc(RTMSG.size + 4 + bytes.length + (scope === undefined ? 0 : 8));
  request[RTMSG.family] = family;
  request[RTMSG.destinationBits] = bytes.length * 8;
  request.writeUInt16LE(4 + bytes.length, RTMSG.size);
  request.writeUInt16LE(RTA_DST, RTMSG.size + 2);
  request.set(bytes, RTMSG.size + 4);
  if (scope !== undefined) {
    const at = RTMSG.size + 4 + bytes.length;
    request.writeUInt16LE(8, at);
    request.writeUInt16LE(RTA_OIF, at + 2);
    request.writeUInt32LE(scope.index, at + 4);
  }
  const answer = askKernel(RTM_GETROUTE, request, false).find(({ type }) => type === RTM_NEWROUTE);
  const found = attributes(answer?.body ?? Buffer.alloc(RTMSG.size), RTMSG.size);
  const index = found.get(RTA_OIF)?.readUInt32LE(0);
  const target = all.find((each) => each.index === index);
  if (target === undefined) throw new InvalidValueError("address", address, "one with a route");
  const source = found.get(RTA_PREFSRC);
  const gateway = found.get(RTA_GATEWAY);
  return {
    interface: target,
    source: source === undefined ? sourceOf(target, family) : inetNtop(family, source),
    gateway: gateway === undefined ? undefined : inetNtop(family, gateway),
  };
}

function sourceOf(target: NetworkInterface, family: number): string {
  const wanted = family === AF_INET ? "IPv4" : "IPv6";
  return target.addresses.find((each) => each.family === wanted)?.address ?? (family === AF_INET ? "0.0.0.0" : "::");
}
