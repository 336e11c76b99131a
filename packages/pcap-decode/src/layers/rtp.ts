import { bits, u16, u32 } from "../field.ts";
import { defineLayer } from "../layer.ts";
import { variableBytes } from "./content.ts";

const csrcBytes = (b: Uint8Array, o: number) => (b[o]! & 15) * 4;
const extensionBytes = (b: Uint8Array, o: number, end: number) => {
  if ((b[o]! & 0x10) === 0) return 0;
  const at = o + 12 + csrcBytes(b, o);
  return end - at < 4 ? 4 : 4 + ((b[at + 2]! << 8) | b[at + 3]!) * 4;
};

/** Real-time Transport Protocol (RFC 3550). Bind it to the ports a session uses; 5004 is bound. */
export const RTP = defineLayer({
  name: "RTP",
  fields: {
    version: bits(2, { default: 2 }),
    padding: bits(1),
    extension: bits(1),
    csrcCount: bits(4),
    marker: bits(1),
    payloadType: bits(7),
    sequence: u16(),
    timestamp: u32(),
    ssrc: u32({ hex: true }),
    csrc: variableBytes((b, _at, _end, start) => csrcBytes(b, start)),
    extensionData: variableBytes((b, _at, end, start) => extensionBytes(b, start, end)),
  },
  headerLength: (b, o, end) => 12 + csrcBytes(b, o) + extensionBytes(b, o, end),
  summary: (view) => `type ${view.payloadType} seq=${view.sequence} time=${view.timestamp}`,
});
