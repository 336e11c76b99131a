import { dynamic, u8, u16, u24 } from "../field.ts";
import { defineLayer, type LayerType } from "../layer.ts";
import { nextNumber } from "./computed.ts";
import { etherTypeNames, etherTypes, llcSaps } from "./tables.ts";

const PVST = 0x010b;
const SAP_STP = 0x42;

const isU = (b: Uint8Array, o: number) => (b[o + 2]! & 3) === 3;

/** IEEE 802.2 logical link control; the control field has one byte in U frames and two in I and S frames. */
export const LLC = defineLayer({
  name: "LLC",
  fields: {
    dsap: u8({ ...nextNumber(llcSaps), hex: true }),
    ssap: u8({ ...nextNumber(llcSaps), hex: true }),
    control: dynamic<number>(
      {
        size: (b, at) => ((b[at]! & 3) === 3 ? 1 : 2),
        read: (b, at, end) => (end - at >= 2 ? b[at]! | (b[at + 1]! << 8) : end > at ? b[at]! : 0),
        write: (out, value) => ((value & 3) === 3 && value < 0x100 ? out.u8(value) : out.u16le(value)),
      },
      { default: 3 },
    ),
  },
  headerLength: (b, o, end) => (end - o < 3 ? 3 : isU(b, o) ? 3 : 4),
  next: (b, o): LayerType | undefined => (isU(b, o) ? llcSaps.get(b[o]!) : undefined),
});

/** Subnetwork access protocol: an organisation and its protocol number. */
export const SNAP = defineLayer({
  name: "SNAP",
  fields: { oui: u24({ hex: true }), type: u16(nextNumber(etherTypes, { names: etherTypeNames, hex: true })) },
  next(b, o): LayerType | undefined {
    if (b[o] !== 0 || b[o + 1] !== 0) return undefined;
    const type = (b[o + 3]! << 8) | b[o + 4]!;
    // RFC 1042 and bridge-tunnel encapsulation carry EtherTypes.
    if (b[o + 2] === 0 || b[o + 2] === 0xf8) return etherTypes.get(type);
    // Cisco's per-VLAN spanning tree.
    return b[o + 2] === 0x0c && type === PVST ? llcSaps.get(SAP_STP) : undefined;
  },
});
