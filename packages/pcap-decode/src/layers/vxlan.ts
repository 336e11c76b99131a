import { u8, u24 } from "../field.ts";
import { defineLayer } from "../layer.ts";
import { Ethernet } from "./ethernet.ts";

/** Virtual eXtensible LAN (RFC 7348). */
export const VXLAN = defineLayer({
  name: "VXLAN",
  fields: { flags: u8({ default: 8, hex: true }), reserved: u24(), vni: u24(), reserved2: u8() },
  next: () => Ethernet,
  summary: (view) => `vni ${view.vni}`,
});
