import { bits, u8, u16 } from "../field.ts";
import { defineLayer, type LayerType } from "../layer.ts";
import { optionalNumber } from "./content.ts";
import { IPv4 } from "./ipv4.ts";
import { IPv6 } from "./ipv6.ts";

const REGISTER = 1;
const isRegister = (b: Uint8Array, o: number) => b[o] === 0x20 + REGISTER;

/** Protocol Independent Multicast version 2 (RFC 7761): the header, and the packet inside a register message. */
export const PIM = defineLayer({
  name: "PIM",
  fields: {
    version: bits(4, { default: 2 }),
    type: bits(4, {
      names: { 0: "hello", 1: "register", 2: "register-stop", 3: "join/prune", 4: "bootstrap", 5: "assert" },
    }),
    reserved: u8(),
    checksum: u16({ hex: true }),
    registerFlags: optionalNumber(4, isRegister),
  },
  headerLength: (b, o) => (isRegister(b, o) ? 8 : 4),
  next(b, o, payload, end): LayerType | undefined {
    if (!isRegister(b, o) || payload >= end) return undefined;
    const version = b[payload]! >> 4;
    return version === 4 ? IPv4 : version === 6 ? IPv6 : undefined;
  },
});
