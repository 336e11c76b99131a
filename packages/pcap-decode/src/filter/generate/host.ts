import { all, and, any, not, or, type Test } from "../block.ts";
import { BPF } from "../instruction.ts";
import type { Direction, Qualifiers } from "../syntax.ts";
import { ETHER_TYPE } from "./ether-type.ts";
import { linkProtocol } from "./link.ts";
import { compareBits } from "./load.ts";
import { fail, type GenerateState } from "./state.ts";

/** An IPv4 address and the bits of it that count. */
export interface Network4 {
  readonly address: number;
  readonly mask: number;
}

/** An IPv6 address and the bits of it that count, each as four words. */
export interface Network6 {
  readonly address: readonly number[];
  readonly mask: readonly number[];
}

/** Offsets of the addresses in IPv4 (RFC 791), ARP for IPv4 on 6-byte links (RFC 826) and IPv6 (RFC 8200). */
const IPV4_FIELDS = { src: 12, dst: 16 } as const;
const ARP_FIELDS = { src: 14, dst: 24 } as const;
const IPV6_FIELDS = { src: 8, dst: 24 } as const;

/** `src`, `dst` or both of them, as a direction says. */
export function inDirection(state: GenerateState, direction: Direction, one: (field: "src" | "dst") => Test): Test {
  switch (direction) {
    case "src":
    case "dst":
      return one(direction);
    case "both": {
      const src = one("src");
      return and(src, one("dst"));
    }
    case "default":
    case "either": {
      const src = one("src");
      return or(src, one("dst"));
    }
    default:
      return fail(state, `'${direction}' is not a valid qualifier for addresses other than 802.11 MAC addresses`);
  }
}

/**
 * IPv4 hosts or networks: any of `networks` as address of an IP, ARP or RARP packet; with `others`, such packets
 * without any of them.
 */
export function hosts4(
  state: GenerateState,
  networks: readonly Network4[],
  qualifiers: Qualifiers,
  others = false,
): Test {
  const of = (protocol: "ip" | "arp" | "rarp", fields: { src: number; dst: number }): Test => {
    const link = linkProtocol(state, ETHER_TYPE[protocol]);
    if (link.constant === false) return link;
    const match = (field: "src" | "dst") => (network: Network4) =>
      compareBits(state, "payload", fields[field], BPF.W, network.address, network.mask);
    const test = inDirection(state, qualifiers.direction, (field) => any(...networks.map(match(field))));
    return and(link, others ? not(test) : test);
  };
  switch (qualifiers.protocol) {
    case "default": {
      const ip = of("ip", IPV4_FIELDS);
      if (state.mplsDepth > 0) return ip;
      const arp = of("arp", ARP_FIELDS);
      return any(ip, arp, of("rarp", ARP_FIELDS));
    }
    case "ip":
      return of("ip", IPV4_FIELDS);
    case "arp":
    case "rarp":
      return of(qualifiers.protocol, ARP_FIELDS);
    case "link":
      return fail(state, "link-layer modifier applied to an IPv4 address");
    default:
      return fail(state, `'${qualifiers.protocol}' modifier applied to ${kindOf(qualifiers)}`);
  }
}

/** IPv6 hosts or networks. */
export function hosts6(state: GenerateState, networks: readonly Network6[], qualifiers: Qualifiers): Test {
  if (qualifiers.protocol !== "default" && qualifiers.protocol !== "ip6") {
    return fail(state, `'${qualifiers.protocol}' modifier applied to IPv6 ${kindOf(qualifiers)}`);
  }
  const link = linkProtocol(state, ETHER_TYPE.ip6);
  const match = (field: "src" | "dst") => (network: Network6) =>
    all(
      ...network.address.map((word, index) =>
        compareBits(state, "payload", IPV6_FIELDS[field] + 4 * index, BPF.W, word, network.mask[index]!),
      ),
    );
  return and(
    link,
    inDirection(state, qualifiers.direction, (field) => any(...networks.map(match(field)))),
  );
}

function kindOf(qualifiers: Qualifiers): string {
  return qualifiers.type === "net" ? "net" : "host";
}
