import { any, constant, type Test } from "../block.ts";
import { BPF } from "../instruction.ts";
import { ETHER_TYPE } from "./ether-type.ts";
import { compare } from "./load.ts";
import type { GenerateState } from "./state.ts";

const IPNET_INET = 2;
const IPNET_INET6 = 26;

/** AF_INET6 of the systems that write such captures: macOS, OpenBSD and NetBSD, FreeBSD. */
const FILE_INET6 = [30, 24, 28] as const;

/** Link types that carry an address family instead of an EtherType. */
export function familyTest(state: GenerateState, protocol: number): Test {
  const { host, source } = state.options;
  const isIp = protocol === ETHER_TYPE.ip;
  if (!isIp && protocol !== ETHER_TYPE.ip6) return constant(false);
  switch (state.linkType) {
    case "IPNET":
      return compare(state, "type", 0, BPF.B, isIp ? IPNET_INET : IPNET_INET6);
    case "PFLOG":
      return any(...families(state, isIp).map((family) => compare(state, "header", 1, BPF.B, family)));
    case "LOOP":
      // LOOP is in network byte order, NULL and ENC in that of the host that captured.
      return any(...families(state, isIp).map((family) => compare(state, "header", 0, BPF.W, family)));
  }
  const ordered = families(state, isIp);
  const values = ordered.map((family) => (host.bigEndian ? family : swap(family)));
  if (source !== "live") values.push(...values.map(swap));
  return any(...values.map((value) => compare(state, "header", 0, BPF.W, value)));
}

function families(state: GenerateState, isIp: boolean): readonly number[] {
  const { host, source } = state.options;
  if (isIp) return [host.inet];
  return source === "live" ? [host.inet6] : FILE_INET6;
}

function swap(value: number): number {
  return ((value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0;
}
