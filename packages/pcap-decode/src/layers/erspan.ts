import { bits, u16, u32 } from "../field.ts";
import { defineLayer, type LayerType } from "../layer.ts";
import { variableBytes } from "./content.ts";
import { Ethernet } from "./ethernet.ts";

/** ERSPAN type II (draft-foschiano-erspan): a mirrored frame with its session. */
export const ERSPAN2 = defineLayer({
  name: "ERSPAN2",
  fields: {
    version: bits(4, { default: 1 }),
    vlan: bits(12),
    cos: bits(3),
    encapsulation: bits(2),
    truncated: bits(1),
    session: bits(10),
    reserved: bits(12),
    index: bits(20),
  },
  next: () => Ethernet,
});

/** ERSPAN type III: timestamps and, when its last bit is set, a platform-specific subheader of eight bytes. */
export const ERSPAN3 = defineLayer({
  name: "ERSPAN3",
  fields: {
    version: bits(4, { default: 2 }),
    vlan: bits(12),
    cos: bits(3),
    bso: bits(2),
    truncated: bits(1),
    session: bits(10),
    timestamp: u32(),
    sgt: u16(),
    protocolUnit: bits(1),
    frameType: bits(5),
    hardware: bits(6),
    direction: bits(1),
    granularity: bits(2),
    optional: bits(1),
    platform: variableBytes((b, _at, _end, start) => (b[start + 11]! & 1 ? 8 : 0)),
  },
  headerLength: (b, o) => (b[o + 11]! & 1 ? 20 : 12),
  next: (b, o): LayerType | undefined => (((b[o + 10]! >> 2) & 0x1f) === 0 ? Ethernet : undefined),
});
