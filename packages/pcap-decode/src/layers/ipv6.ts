import { ipv6, parseIPv6 } from "../address.ts";
import { sumWords } from "../build/checksum.ts";
import { bits, u8, u16 } from "../field.ts";
import { defineLayer } from "../layer.ts";
import { nextNumber, payloadLength } from "./computed.ts";
import { ipProtocolNames, ipProtocols } from "./tables.ts";

const NO_NEXT_HEADER = 59;

/** Internet Protocol version 6 (RFC 8200). */
export const IPv6 = defineLayer({
  name: "IPv6",
  accepts: (b, o) => b[o]! >> 4 === 6,
  fields: {
    version: bits(4, { default: 6 }),
    trafficClass: bits(8),
    flowLabel: bits(20, { hex: true }),
    payloadLength: u16({ auto: (context) => (payloadLength(context) > 0xffff ? 0 : payloadLength(context)) }),
    nextHeader: u8({ ...nextNumber(ipProtocols, { names: ipProtocolNames }), default: NO_NEXT_HEADER }),
    hopLimit: u8({ default: 64 }),
    src: ipv6({ default: "::1" }),
    dst: ipv6({ default: "::1" }),
  },
  // Zero means a jumbogram (RFC 2675) or segmentation offload unless nothing is to follow.
  totalLength: (b, o) => {
    const length = (b[o + 4]! << 8) | b[o + 5]!;
    return length === 0 && b[o + 6] !== NO_NEXT_HEADER ? 0 : 40 + length;
  },
  next: (b, o): number => ipProtocols.idOf(b[o + 6]!),
  pseudoHeader(values, protocol, length) {
    const dst = parseIPv6(values.dst as string);
    const sum = sumWords(dst, 0, 16, sumWords(parseIPv6(values.src as string), 0, 16));
    return sum + protocol + (length & 0xffff) + (length >>> 16);
  },
});
