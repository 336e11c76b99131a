import { bits, u8, u16 } from "../field.ts";
import { defineLayer, type LayerType } from "../layer.ts";
import { nextNumber } from "./computed.ts";
import { optionalNumber } from "./content.ts";
import { IPv4 } from "./ipv4.ts";
import { IPv6 } from "./ipv6.ts";
import { etherTypeNames, etherTypes } from "./tables.ts";

const UI = 3;
const SLARP = 0x8035;
const NLPID_IPV4 = 0xcc;
const NLPID_IPV6 = 0x8e;

const isCisco = (b: Uint8Array, o: number) => b[o + 2] !== UI;

/** Frame relay with a two-byte address (Q.922) and the encapsulation of RFC 2427 or Cisco's, which has an EtherType. */
export const FrameRelay = defineLayer({
  name: "FrameRelay",
  fields: {
    dlciHigh: bits(6),
    commandResponse: bits(1),
    extension: bits(1),
    dlciLow: bits(4),
    fecn: bits(1),
    becn: bits(1),
    discardEligible: bits(1),
    extension2: bits(1, { default: 1 }),
    control: u8({ default: UI }),
    nlpid: u8({ default: NLPID_IPV4, hex: true }),
    padding: optionalNumber(1, (b, o) => b[o + 2] === UI && b[o + 3] === 0),
  },
  next(b, o): LayerType | undefined {
    if (isCisco(b, o)) return etherTypes.get((b[o + 2]! << 8) | b[o + 3]!);
    const nlpid = b[o + 3]!;
    return nlpid === NLPID_IPV4 ? IPv4 : nlpid === NLPID_IPV6 ? IPv6 : undefined;
  },
  derive: { dlci: (view) => (view.dlciHigh << 4) | view.dlciLow },
  summary: (view) => `dlci ${(view.dlciHigh << 4) | view.dlciLow}`,
});

/** Cisco HDLC. */
export const CiscoHDLC = defineLayer({
  name: "CiscoHDLC",
  fields: {
    address: u8({ default: 0x0f, names: { 15: "unicast", 143: "broadcast" }, hex: true }),
    control: u8(),
    protocol: u16(nextNumber(etherTypes, { names: etherTypeNames, hex: true })),
  },
  // 0x8035 is Cisco's own keep-alive here, not RARP.
  next: (b, o) => ((b[o + 2]! << 8) + b[o + 3]! === SLARP ? undefined : etherTypes.get((b[o + 2]! << 8) | b[o + 3]!)),
});
