import { u8, u16, u32 } from "../field.ts";
import { defineLayer, type LayerType } from "../layer.ts";
import { nextNumber } from "./computed.ts";
import { fixedBytes } from "./content.ts";
import { LLC } from "./llc.ts";
import { etherTypeNames, etherTypes } from "./tables.ts";

const packetTypes: Readonly<Record<number, string>> = {
  0: "to us",
  1: "broadcast",
  2: "multicast",
  3: "to another",
  4: "from us",
};
/** Pseudo-protocol of 802.2 frames (Linux if_ether.h, ETH_P_802_2). */
const ETH_P_802_2 = 4;
/** Hardware types whose protocol field is no EtherType (https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html). */
const NO_ETHERTYPE = new Set([770, 778, 803, 824]);
const ARPHRD_IPGRE = 778;

function nextOf(protocol: number, hardware: number): LayerType | undefined {
  if (NO_ETHERTYPE.has(hardware) && hardware !== ARPHRD_IPGRE) return undefined;
  return protocol === ETH_P_802_2 ? LLC : protocol > 1500 ? etherTypes.get(protocol) : undefined;
}

/** Linux "cooked" capture, as of the `any` interface. */
export const SLL = defineLayer({
  name: "SLL",
  fields: {
    packetType: u16({ names: packetTypes }),
    hardware: u16({ default: 1 }),
    addressLength: u16({ default: 6 }),
    address: fixedBytes(8),
    protocol: u16(nextNumber(etherTypes, { names: etherTypeNames, hex: true })),
  },
  next: (b, o) => nextOf((b[o + 14]! << 8) | b[o + 15]!, (b[o + 2]! << 8) | b[o + 3]!),
});

/** Version 2, with the interface. */
export const SLL2 = defineLayer({
  name: "SLL2",
  fields: {
    protocol: u16(nextNumber(etherTypes, { names: etherTypeNames, hex: true })),
    reserved: u16(),
    interface: u32({ default: 1 }),
    hardware: u16({ default: 1 }),
    packetType: u8({ names: packetTypes }),
    addressLength: u8({ default: 6 }),
    address: fixedBytes(8),
  },
  next: (b, o) => nextOf((b[o]! << 8) | b[o + 1]!, (b[o + 8]! << 8) | b[o + 9]!),
});
