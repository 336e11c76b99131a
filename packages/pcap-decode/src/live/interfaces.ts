import { AF_INET, AF_INET6, inetNtop } from "@sockeye/socket-core";
import { linkTypeOf } from "./link-type.ts";
import { askKernel, attributes } from "./netlink.ts";

/** A network interface of this system, or of the namespace that the process is in. */
export interface NetworkInterface {
  readonly name: string;
  /** The kernel's number, from 1. */
  readonly index: number;
  /** ARPHRD_ number of the hardware: 1 Ethernet, 772 loopback, 65534 none (tun) … */
  readonly hardwareType: number;
  /** LINKTYPE_ number of what `sniff` captures there; see `LinkType`. */
  readonly linkType: number;
  /** Largest packet without its link header, in bytes. */
  readonly mtu: number;
  /** Whether it is switched on. */
  readonly up: boolean;
  /** Whether it has a carrier: a cable, a peer. */
  readonly running: boolean;
  readonly loopback: boolean;
  /** Its MAC address, such as `"02:00:00:00:00:01"`; missing where the hardware has none. */
  readonly mac: string | undefined;
  readonly addresses: readonly InterfaceAddress[];
}

/** An address of an interface. */
export interface InterfaceAddress {
  readonly family: "IPv4" | "IPv6";
  readonly address: string;
  /** Bits of the network's prefix. */
  readonly prefix: number;
}

/* rtnetlink(7), netdevice(7) */
const RTM_NEWLINK = 16;
const RTM_GETLINK = 18;
const RTM_NEWADDR = 20;
const RTM_GETADDR = 22;
/** struct ifinfomsg { u8 family, pad; u16 type; i32 index; u32 flags, change } */
const IFINFO = { type: 2, index: 4, flags: 8, size: 16 } as const;
/** struct ifaddrmsg { u8 family, prefix, flags, scope; u32 index } */
const IFADDR = { family: 0, prefix: 1, index: 4, size: 8 } as const;
const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_MTU = 4;
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFF_UP = 0x1;
const IFF_LOOPBACK = 0x8;
const IFF_RUNNING = 0x40;

/** The network interfaces, in the order of their numbers. Needs no rights. Throws SocketError where there is no netlink. */
export function interfaces(): NetworkInterface[] {
  const addresses = new Map<number, InterfaceAddress[]>();
  for (const { type, body } of askKernel(RTM_GETADDR, new Uint8Array(IFADDR.size), true)) {
    if (type !== RTM_NEWADDR || body.length < IFADDR.size) continue;
    const family = body[IFADDR.family]!;
    const found = attributes(body, IFADDR.size);
    // On a link between two, IFA_ADDRESS is the peer's and IFA_LOCAL ours.
    const bytes = found.get(IFA_LOCAL) ?? found.get(IFA_ADDRESS);
    if (bytes === undefined || (family !== AF_INET && family !== AF_INET6)) continue;
    const index = body.readUInt32LE(IFADDR.index);
    const address = {
      family: family === AF_INET ? ("IPv4" as const) : ("IPv6" as const),
      address: inetNtop(family, bytes),
      prefix: body[IFADDR.prefix]!,
    };
    addresses.set(index, [...(addresses.get(index) ?? []), address]);
  }
  return askKernel(RTM_GETLINK, new Uint8Array(IFINFO.size), true)
    .filter(({ type, body }) => type === RTM_NEWLINK && body.length >= IFINFO.size)
    .map(({ body }) => describe(body, addresses))
    .sort((a, b) => a.index - b.index);
}

function describe(body: Buffer, addresses: ReadonlyMap<number, InterfaceAddress[]>): NetworkInterface {
  const found = attributes(body, IFINFO.size);
  const index = body.readInt32LE(IFINFO.index);
  const flags = body.readUInt32LE(IFINFO.flags);
  const hardwareType = body.readUInt16LE(IFINFO.type);
  const mac = found.get(IFLA_ADDRESS);
  return {
    name: text(found.get(IFLA_IFNAME)),
    index,
    hardwareType,
    linkType: linkTypeOf(hardwareType).linkType,
    mtu: found.get(IFLA_MTU)?.readUInt32LE(0) ?? 0,
    up: (flags & IFF_UP) !== 0,
    running: (flags & IFF_RUNNING) !== 0,
    loopback: (flags & IFF_LOOPBACK) !== 0,
    mac: mac?.length === 6 ? mac.toString("hex").replace(/..(?=.)/g, "$&:") : undefined,
    addresses: addresses.get(index) ?? [],
  };
}

/** Text that ends with a NUL. */
function text(bytes: Buffer | undefined): string {
  return bytes === undefined ? "" : bytes.toString("utf8", 0, bytes.indexOf(0) < 0 ? bytes.length : bytes.indexOf(0));
}
