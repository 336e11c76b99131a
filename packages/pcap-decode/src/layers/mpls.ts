import { bits, u8 } from "../field.ts";
import { defineLayer, type LayerType } from "../layer.ts";
import { IPv4 } from "./ipv4.ts";
import { IPv6 } from "./ipv6.ts";
import { etherTypes } from "./tables.ts";

/** EtherType of labelled packets. */
const UNICAST = 0x8847;

/** One label of a stack (RFC 3032). What the last label carries is told by the payload's first four bits. */
export const MPLS = defineLayer({
  name: "MPLS",
  fields: {
    label: bits(20),
    trafficClass: bits(3),
    bottom: bits(1, { auto: ({ next }) => (next?.name === "MPLS" ? 0 : 1) }),
    ttl: u8({ default: 64 }),
  },
  next(b, o, payload, end): LayerType | undefined {
    if ((b[o + 2]! & 1) === 0) return etherTypes.get(UNICAST);
    const version = payload < end ? b[payload]! >> 4 : 0;
    return version === 4 ? IPv4 : version === 6 ? IPv6 : undefined;
  },
  summary: (view) => `label ${view.label}`,
});
