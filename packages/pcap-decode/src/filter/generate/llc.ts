import { and, constant, not, type Test } from "../block.ts";
import { BPF } from "../instruction.ts";
import { isEthernet, isWireless, linkTypeLabel } from "../link-type.ts";
import { atmLlc } from "./atm.ts";
import { MAX_LENGTH_FIELD } from "./ether-type.ts";
import { atMost, compare, hasBits } from "./load.ts";
import { fail, type GenerateState } from "./state.ts";
import { isDataFrame } from "./wlan-frame.ts";

const CONTROL = 2;

/** Supervisory and unnumbered functions (IEEE 802.2, 5.3). */
const SUPERVISORY: Readonly<Record<string, number>> = { rr: 0x01, rnr: 0x05, rej: 0x09 };
const UNNUMBERED: Readonly<Record<string, number>> = {
  ui: 0x03,
  ua: 0x63,
  disc: 0x43,
  dm: 0x0f,
  sabme: 0x6f,
  test: 0xe3,
  xid: 0xaf,
  frmr: 0x87,
};

/** `llc [type]`. */
export function llcTest(state: GenerateState, type: string | undefined): Test {
  const frame = isLlc(state);
  if (type === undefined) return frame;
  switch (type) {
    case "i":
      return and(frame, not(hasBits(state, "llc", CONTROL, BPF.B, 0x01)));
    case "s":
      return and(frame, compare(state, "llc", CONTROL, BPF.B, 0x01, 0x03));
    case "u":
      return and(frame, compare(state, "llc", CONTROL, BPF.B, 0x03, 0x03));
  }
  if (Object.hasOwn(SUPERVISORY, type)) {
    return and(frame, compare(state, "llc", CONTROL, BPF.B, SUPERVISORY[type]!, 0x0f));
  }
  if (Object.hasOwn(UNNUMBERED, type)) {
    return and(frame, compare(state, "llc", CONTROL, BPF.B, UNNUMBERED[type]!, 0xef));
  }
  return fail(state, `unknown LLC type name "${type}"`);
}

function isLlc(state: GenerateState): Test {
  if (isEthernet(state.linkType)) {
    const framed = atMost(state, "type", 0, BPF.H, MAX_LENGTH_FIELD);
    // Novell's raw 802.3 has a checksum of all ones where LLC would be.
    return and(framed, not(compare(state, "llc", 0, BPF.H, 0xffff)));
  }
  if (isWireless(state.linkType)) return isDataFrame(state);
  switch (state.linkType) {
    case "SUNATM":
      return atmLlc(state);
    case "IEEE802":
    case "FDDI":
    case "ATM_RFC1483":
      return constant(true);
    default:
      return fail(state, `'llc' not supported on ${linkTypeLabel(state.linkType)}`);
  }
}
