import { u32, u32le } from "../field.ts";
import { defineLayer, type LayerType } from "../layer.ts";
import { IPv4 } from "./ipv4.ts";
import { IPv6 } from "./ipv6.ts";

const AF_INET = 2;
/** AF_INET6 of NetBSD and OpenBSD, FreeBSD, and macOS; Linux writes 10. */
const AF_INET6 = new Set([10, 24, 28, 30]);

function family(value: number): LayerType | undefined {
  if (value === AF_INET) return IPv4;
  return AF_INET6.has(value) ? IPv6 : undefined;
}

/** BSD loopback: the address family in the byte order of the machine that captured. */
export const Null = defineLayer({
  name: "Null",
  fields: { family: u32le({ default: AF_INET, auto: ({ next }) => (next === (IPv6 as LayerType) ? 30 : undefined) }) },
  next(b, o): LayerType | undefined {
    // A family is a small number, so the bytes show which end it was written from.
    const little = b[o]! | (b[o + 1]! << 8) | (b[o + 2]! << 16) | (b[o + 3]! << 24);
    const big = (b[o]! << 24) | (b[o + 1]! << 16) | (b[o + 2]! << 8) | b[o + 3]!;
    return family(little) ?? family(big);
  },
});

/** OpenBSD loopback: the same in network byte order. */
export const Loop = defineLayer({
  name: "Loop",
  fields: { family: u32({ default: AF_INET, auto: ({ next }) => (next === (IPv6 as LayerType) ? 24 : undefined) }) },
  next: (b, o) => family(((b[o]! << 24) | (b[o + 1]! << 16) | (b[o + 2]! << 8) | b[o + 3]!) >>> 0),
});
