import { all, and, any, not, type Test } from "../block.ts";
import { BPF } from "../instruction.ts";
import type { Direction } from "../syntax.ts";
import { ETHER_TYPE } from "./ether-type.ts";
import { inDirection } from "./host.ts";
import { linkProtocol } from "./link.ts";
import { type Base, compare, hasBits } from "./load.ts";
import type { GenerateState } from "./state.ts";

/** IP protocol numbers with ports. */
export const TRANSPORTS = { tcp: 6, udp: 17, sctp: 132 } as const;

/** Ports from `low` to `high`. */
export interface PortRange {
  readonly low: number;
  readonly high: number;
}

/** Offset of the protocol in IPv4 (RFC 791) and of the next header in IPv6 (RFC 8200). */
export const IPV4_PROTOCOL = 9;
export const IPV6_NEXT_HEADER = 6;
const IPV4_FRAGMENT = 6;
const FRAGMENT_OFFSET = 0x1fff;
const FIELDS = { src: 0, dst: 2 } as const;

/** Ports of the given transports, over IPv6 without extension headers or in the first fragment over IPv4. */
export function ports(
  state: GenerateState,
  range: PortRange,
  transports: readonly number[],
  direction: Direction,
): Test {
  const six = linkProtocol(state, ETHER_TYPE.ip6);
  const ip6 = all(
    six,
    any(...transports.map((transport) => compare(state, "payload", IPV6_NEXT_HEADER, BPF.B, transport))),
    inDirection(state, direction, (field) => port(state, "transport6", FIELDS[field], range)),
  );
  const four = linkProtocol(state, ETHER_TYPE.ip);
  const ip = all(
    four,
    any(...transports.map((transport) => compare(state, "payload", IPV4_PROTOCOL, BPF.B, transport))),
    isFirstFragment(state),
    inDirection(state, direction, (field) => port(state, "transport4", FIELDS[field], range)),
  );
  return any(ip6, ip);
}

/** Whether an IPv4 packet begins with its transport header. */
export function isFirstFragment(state: GenerateState): Test {
  return not(hasBits(state, "payload", IPV4_FRAGMENT, BPF.H, FRAGMENT_OFFSET));
}

function port(state: GenerateState, base: Base, at: number, { low, high }: PortRange): Test {
  if (low === high) return compare(state, base, at, BPF.H, low);
  const above = compare(state, base, at, BPF.H, low, undefined, BPF.JGE);
  return and(above, not(compare(state, base, at, BPF.H, high, undefined, BPF.JGT)));
}
