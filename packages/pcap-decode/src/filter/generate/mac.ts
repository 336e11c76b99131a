import { and, any, not, or, type Test } from "../block.ts";
import { BPF } from "../instruction.ts";
import { isEthernet, isWireless } from "../link-type.ts";
import type { Direction } from "../syntax.ts";
import { compareBytes } from "./bytes.ts";
import { previousHeaderIsData } from "./encapsulated-link.ts";
import { inDirection } from "./host.ts";
import { compare, hasBits } from "./load.ts";
import { fail, type GenerateState } from "./state.ts";
import { wlanHost } from "./wlan-host.ts";

type Bytes = Uint8Array | readonly number[];

const BROADCAST = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff];

/** Offsets of 48-bit addresses in the link header. */
function macFields(state: GenerateState): { src: number; dst: number } | undefined {
  if (isEthernet(state.linkType)) return { src: 6, dst: 0 };
  switch (state.linkType) {
    case "FDDI":
      return { src: 7, dst: 1 };
    case "IEEE802":
      return { src: 8, dst: 2 };
    case "IP_OVER_FC":
      return { src: 10, dst: 2 };
    default:
      return undefined;
  }
}

/** A 48-bit address in the link header. */
export function macHost(state: GenerateState, mac: Bytes, direction: Direction): Test {
  if (isWireless(state.linkType)) return wlanHost(state, mac, direction);
  const fields = macFields(state);
  if (fields === undefined) {
    return fail(state, "ethernet addresses supported only on ethernet/FDDI/token ring/802.11/ATM LANE/Fibre Channel");
  }
  const data = isEthernet(state.linkType) ? previousHeaderIsData(state) : undefined;
  const test = inDirection(state, direction, (field) => compareBytes(state, "header", fields[field], mac));
  return data === undefined ? test : and(data, test);
}

/** Offsets of 8-bit addresses in the link header. */
function shortFields(state: GenerateState): { src: number; dst: number } | undefined {
  switch (state.linkType) {
    case "ARCNET":
    case "ARCNET_LINUX":
      return { src: 0, dst: 1 };
    case "BACNET_MS_TP":
      return { src: 4, dst: 3 };
    default:
      return undefined;
  }
}

/** An 8-bit address in the link header. */
export function shortHost(state: GenerateState, address: number, direction: Direction): Test {
  const fields = shortFields(state);
  if (fields === undefined) return fail(state, "8-bit addresses are supported only on ARCnet and BACnet MS/TP");
  return inDirection(state, direction, (field) => compare(state, "header", fields[field], BPF.B, address));
}

/** Frames for all stations. */
export function linkBroadcast(state: GenerateState): Test {
  switch (state.linkType) {
    case "ARCNET":
    case "ARCNET_LINUX":
      return shortHost(state, 0, "dst");
    case "BACNET_MS_TP":
      return shortHost(state, 0xff, "dst");
  }
  if (!isWireless(state.linkType) && macFields(state) === undefined) return fail(state, "not a broadcast link");
  return macHost(state, BROADCAST, "dst");
}

/** Frames for a group of stations. */
export function linkMulticast(state: GenerateState): Test {
  switch (state.linkType) {
    case "ARCNET":
    case "ARCNET_LINUX":
      return shortHost(state, 0, "dst");
    case "BACNET_MS_TP":
      return shortHost(state, 0xff, "dst");
  }
  if (isWireless(state.linkType)) return wlanMulticast(state);
  const fields = macFields(state);
  if (fields === undefined) {
    return fail(
      state,
      "link-layer multicast filters supported only on ethernet/FDDI/token ring/ARCNET/802.11/ATM LANE/Fibre Channel",
    );
  }
  const data = isEthernet(state.linkType) ? previousHeaderIsData(state) : undefined;
  const test = group(state, fields.dst);
  return data === undefined ? test : and(data, test);
}

function group(state: GenerateState, at: number): Test {
  return hasBits(state, "header", at, BPF.B, 0x01);
}

/** The receiver is address 3 of a data frame to a distribution system, else address 1. Control frames have none. */
function wlanMulticast(state: GenerateState): Test {
  const toDs = (): Test => hasBits(state, "header", 1, BPF.B, 0x01);
  const data = (): Test => hasBits(state, "header", 0, BPF.B, 0x08);
  const control = hasBits(state, "header", 0, BPF.B, 0x04);
  const management = and(not(data()), group(state, 4));
  const inData = data();
  const direct = and(not(toDs()), group(state, 4));
  const relayed = and(toDs(), group(state, 16));
  return and(not(control), any(management, and(inData, or(direct, relayed))));
}
