import { u16 } from "../field.ts";
import { defineLayer } from "../layer.ts";
import { nextNumber } from "./computed.ts";
import { fixedBytes } from "./content.ts";
import { etherTypeNames, etherTypes } from "./tables.ts";

/** IP over InfiniBand (RFC 4391 section 6) behind the global routing header that captures carry. */
export const IPoIB = defineLayer({
  name: "IPoIB",
  fields: {
    routing: fixedBytes(40),
    type: u16(nextNumber(etherTypes, { names: etherTypeNames, hex: true })),
    reserved: u16(),
  },
  next: (b, o) => etherTypes.get((b[o + 40]! << 8) | b[o + 41]!),
});
