import { bits, u8, u16, u32 } from "../field.ts";
import { defineLayer, type LayerType } from "../layer.ts";
import { payloadLength } from "./computed.ts";
import { variableBytes } from "./content.ts";
import { IPv4 } from "./ipv4.ts";
import { IPv6 } from "./ipv6.ts";

const G_PDU = 255;
const SHORT = 8;

/** Bytes of the optional part: sequence, N-PDU number, and a chain of extension headers (TS 29.281 section 5). */
function optionalLength(b: Uint8Array, o: number, end: number): number {
  if ((b[o]! & 7) === 0) return 0;
  let at = o + SHORT + 4;
  if ((b[o]! & 4) === 0) return 4;
  // Each extension header gives its own size in units of four bytes; zero would not move on.
  while (at <= end && b[at - 1] !== 0) {
    const units = at < end ? b[at]! : 0;
    if (units === 0) return end - o;
    at += units * 4;
  }
  return at - o - SHORT;
}

/** GPRS tunnelling, user plane (3GPP TS 29.281). */
export const GTPU = defineLayer({
  name: "GTPU",
  fields: {
    version: bits(3, { default: 1 }),
    protocolType: bits(1, { default: 1 }),
    reserved: bits(1),
    extension: bits(1),
    sequencePresent: bits(1),
    npduPresent: bits(1),
    type: u8({
      default: G_PDU,
      names: { 1: "echo request", 2: "echo response", 26: "error indication", 255: "G-PDU" },
    }),
    length: u16({ auto: (context) => payloadLength(context) + context.headerLength - SHORT }),
    teid: u32({ hex: true }),
    optional: variableBytes(),
  },
  headerLength: (b, o, end) => SHORT + optionalLength(b, o, end),
  totalLength: (b, o) => SHORT + ((b[o + 2]! << 8) | b[o + 3]!),
  next(b, o, payload, end): LayerType | undefined {
    if (b[o]! >> 5 !== 1 || b[o + 1] !== G_PDU || payload >= end) return undefined;
    const version = b[payload]! >> 4;
    return version === 4 ? IPv4 : version === 6 ? IPv6 : undefined;
  },
  summary: (view) => `teid 0x${view.teid.toString(16)}`,
});
