import { LinkType } from "../container/interface.ts";

/** What is captured of a kind of hardware. */
interface CaptureKind {
  /** LINKTYPE_ number. */
  readonly linkType: number;
  /** Whether the kernel takes the link header off, as it has none that is worth seeing, and ours goes in its place. */
  readonly cooked: boolean;
}

/** What is captured where packets of all interfaces are, and of hardware without a link type. */
export const COOKED: CaptureKind = { linkType: LinkType.LINUX_SLL2, cooked: true };

const raw = (linkType: number): CaptureKind => ({ linkType, cooked: false });

/** By ARPHRD_ number of linux/if_arp.h, as libpcap has it (pcap-linux.c, map_arphrd_to_dlt). */
const kinds: ReadonlyMap<number, CaptureKind> = new Map([
  [1, raw(LinkType.ETHERNET)],
  [772, raw(LinkType.ETHERNET)], // loopback
  [256, raw(LinkType.RAW)], // SLIP
  [257, raw(LinkType.RAW)], // CSLIP
  [519, raw(LinkType.RAW)], // RAWIP
  [768, raw(LinkType.RAW)], // IPv4 in IPv4
  [776, raw(LinkType.RAW)], // SIT, IPv6 in IPv4
  [0xfffe, raw(LinkType.RAW)], // none: tun, WireGuard
  [801, raw(LinkType.IEEE802_11)],
  [803, raw(LinkType.IEEE802_11_RADIOTAP)],
]);

/** What is captured of hardware with an ARPHRD_ number. */
export function linkTypeOf(hardwareType: number): CaptureKind {
  return kinds.get(hardwareType) ?? COOKED;
}
