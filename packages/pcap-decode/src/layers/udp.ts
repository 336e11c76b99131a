import { u16 } from "../field.ts";
import { defineLayer, type LayerType } from "../layer.ts";
import { totalLength, transportChecksum } from "./computed.ts";
import { looksLikeQUIC, QUIC } from "./quic.ts";
import { udpPorts } from "./tables.ts";

const checksum = transportChecksum(17);

/** Which layer a datagram holds: by port, or by how it starts. */
function nextLayer(b: Uint8Array, o: number, payload: number, end: number): LayerType | number | undefined {
  const bound = udpPorts.idOf((b[o + 2]! << 8) | b[o + 3]!) || udpPorts.idOf((b[o]! << 8) | b[o + 1]!);
  return bound || (looksLikeQUIC(b, payload, end) ? QUIC : undefined);
}

/** User Datagram Protocol (RFC 768). */
export const UDP = defineLayer({
  name: "UDP",
  fields: {
    sport: u16({ default: 53 }),
    dport: u16({ default: 53 }),
    length: u16({ auto: (context) => (totalLength(context) > 0xffff ? 0 : totalLength(context)) }),
    // Zero on the wire means "no checksum", so a sum of zero is sent as all ones.
    checksum: u16({ hex: true, auto: (context) => checksum(context) || 0xffff }),
  },
  totalLength: (b, o) => (b[o + 4]! << 8) | b[o + 5]!,
  next: nextLayer,
});
