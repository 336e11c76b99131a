import { bits } from "../field.ts";
import { defineLayer } from "../layer.ts";
import { etherNext, typeOrLength } from "./ethernet.ts";

/** IEEE 802.1Q tag; tags stack (802.1ad). */
export const VLAN = defineLayer({
  name: "VLAN",
  fields: { pcp: bits(3), dei: bits(1), vid: bits(12), type: typeOrLength() },
  totalLength: (b, o) => {
    const type = (b[o + 2]! << 8) | b[o + 3]!;
    return type <= 1500 ? 4 + type : 0;
  },
  next: (b, o, payload, end) => etherNext(b, o + 2, payload, end),
  summary: (view) => `vlan ${view.vid}`,
});
