import { mac } from "../address.ts";
import { u16 } from "../field.ts";
import { defineLayer, type LayerType } from "../layer.ts";
import { nextNumber, payloadLength } from "./computed.ts";
import { LLC } from "./llc.ts";
import { etherTypeNames, etherTypes } from "./tables.ts";

/** Up to this the type field is a length (IEEE 802.3 clause 3.2.6). */
const MAX_LENGTH = 1500;

/** Which layer an Ethernet-style type or length at `at` announces for `[payload, end)`. */
export function etherNext(b: Uint8Array, at: number, payload: number, end: number): LayerType | number | undefined {
  const type = (b[at]! << 8) | b[at + 1]!;
  if (type > MAX_LENGTH) return etherTypes.idOf(type);
  // Novell's raw 802.3 has no LLC: its packets start with a checksum of all ones.
  return end - payload >= 2 && b[payload] === 0xff && b[payload + 1] === 0xff ? undefined : LLC;
}

/** A type or length field: the length in front of LLC, the EtherType of the next layer otherwise. */
export function typeOrLength() {
  return u16({
    ...nextNumber(etherTypes, { names: etherTypeNames, hex: true }),
    auto: (context) => (context.next === (LLC as LayerType) ? payloadLength(context) : etherTypes.keyOf(context.next)),
  });
}

/** Ethernet II and IEEE 802.3. */
export const Ethernet = defineLayer({
  name: "Ethernet",
  fields: { dst: mac({ default: "ff:ff:ff:ff:ff:ff" }), src: mac(), type: typeOrLength() },
  totalLength: (b, o) => {
    const type = (b[o + 12]! << 8) | b[o + 13]!;
    return type <= MAX_LENGTH ? 14 + type : 0;
  },
  next: (b, o, payload, end) => etherNext(b, o + 12, payload, end),
});
