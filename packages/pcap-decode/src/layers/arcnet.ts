import { u8, u16 } from "../field.ts";
import { defineLayer, type LayerType } from "../layer.ts";
import { ARP } from "./arp.ts";
import { optionalNumber } from "./content.ts";
import { IPv4 } from "./ipv4.ts";
import { IPv6 } from "./ipv6.ts";

/** Protocol numbers of RFC 1201, and of RFC 1051, which has no split flag and sequence behind them. */
const NEXT = new Map<number, LayerType>([
  [212, IPv4],
  [213, ARP],
  [214, ARP],
  [196, IPv6],
  [240, IPv4],
  [241, ARP],
]);
const isOld = (b: Uint8Array, o: number) => b[o + 4] === 240 || b[o + 4] === 241;
const isNew = (b: Uint8Array, o: number) => !isOld(b, o);

/** ARCNET as Linux captures it. */
export const ARCNET = defineLayer({
  name: "ARCNET",
  fields: {
    src: u8({ hex: true }),
    dst: u8({ hex: true }),
    offset1: u16(),
    protocol: u8({ default: 212, names: { 212: "IP", 213: "ARP", 240: "IP (RFC 1051)", 241: "ARP (RFC 1051)" } }),
    splitFlag: optionalNumber(1, isNew),
    sequence: optionalNumber(2, isNew),
  },
  headerLength: (b, o) => (isOld(b, o) ? 5 : 8),
  // A split flag above zero is a fragment of a larger packet.
  next: (b, o) => (isOld(b, o) || b[o + 5] === 0 ? NEXT.get(b[o + 4]!) : undefined),
});
