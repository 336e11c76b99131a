import { formatIPv4 } from "../address.ts";
import { u8, u16 } from "../field.ts";
import { defineLayer } from "../layer.ts";
import { wholeChecksum } from "./computed.ts";
import { IPv4 } from "./ipv4.ts";

const names: Readonly<Record<number, string>> = {
  0: "echo-reply",
  3: "unreachable",
  4: "source-quench",
  5: "redirect",
  8: "echo",
  9: "router-advertisement",
  10: "router-solicitation",
  11: "time-exceeded",
  12: "parameter-problem",
  13: "timestamp",
  14: "timestamp-reply",
  17: "mask",
  18: "mask-reply",
  42: "extended-echo",
  43: "extended-echo-reply",
};

/** Types that quote the packet they are about. */
const ERRORS = new Set([3, 4, 5, 11, 12]);

/** Internet Control Message Protocol (RFC 792). `id` and `sequence` are the rest of the header, whatever its type. */
export const ICMP = defineLayer({
  name: "ICMP",
  fields: {
    type: u8({ default: 8, names }),
    code: u8(),
    checksum: u16({ hex: true, auto: wholeChecksum }),
    id: u16(),
    sequence: u16(),
  },
  next: (b, o, payload, end) => (ERRORS.has(b[o]!) && end - payload >= 20 ? IPv4 : undefined),
  derive: {
    /** Largest packet of the next hop, in "fragmentation needed" (RFC 1191). */
    mtu: (view) => (view.type === 3 && view.code === 4 ? view.sequence : undefined),
    /** Router to use instead, in a redirect. */
    gateway: (view) => (view.type === 5 ? formatIPv4(view.buffer, view.offset + 4) : undefined),
  },
  summary: (view) => {
    const name = names[view.type] ?? `type ${view.type}`;
    return view.type === 0 || view.type === 8
      ? `${name} id=${view.id} seq=${view.sequence}`
      : `${name} code=${view.code}`;
  },
});
