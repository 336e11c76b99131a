import { not, type Test } from "../block.ts";
import { ANCILLARY, ANCILLARY_OFFSET, BPF } from "../instruction.ts";
import { isJuniper, linkTypeLabel } from "../link-type.ts";
import { PFLOG } from "./firewall.ts";
import { compare } from "./load.ts";
import { fail, type GenerateState } from "./state.ts";

/** `PACKET_OUTGOING` of packet(7), also in Linux cooked captures. */
const OUTGOING = 4;

/** `inbound` and `outbound`. */
export function directionTest(state: GenerateState, outbound: boolean): Test {
  if (isJuniper(state.linkType)) return compare(state, "header", 3, BPF.B, outbound ? 0 : 1, 0x01);
  switch (state.linkType) {
    case "SLIP":
    case "PPP_PPPD":
      return compare(state, "header", 0, BPF.B, outbound ? 1 : 0);
    case "IPNET":
      return compare(state, "header", 2, BPF.H, outbound ? 1 : 2);
    case "LINUX_SLL":
      return outboundTest(compare(state, "header", 0, BPF.H, OUTGOING), outbound);
    case "LINUX_SLL2":
      return outboundTest(compare(state, "header", 10, BPF.B, OUTGOING), outbound);
    case "PFLOG":
      return compare(state, "header", PFLOG.direction, BPF.B, outbound ? 2 : 1);
    case "DSA_TAG_BRCM":
      // The operation in the tag: 1 is towards the switch.
      return outboundTest(compare(state, "header", 12, BPF.B, 0x20, 0xe0), outbound);
    case "DSA_TAG_DSA":
    case "DSA_TAG_EDSA":
      return dsaDirection(state, outbound);
  }
  if (!state.options.linuxExtensions) {
    return fail(
      state,
      `inbound/outbound not supported on ${linkTypeLabel(state.linkType)} without the Linux extensions, as in a file`,
    );
  }
  const test = compare(state, "packet", ANCILLARY_OFFSET + ANCILLARY.packetType, BPF.H, OUTGOING);
  return outboundTest(test, outbound);
}

function outboundTest(test: Test, outbound: boolean): Test {
  return outbound ? test : not(test);
}

function dsaDirection(state: GenerateState, outbound: boolean): Test {
  const at = state.linkType === "DSA_TAG_EDSA" ? 16 : 12;
  return outboundTest(compare(state, "header", at, BPF.B, 0x40, 0xc0), outbound);
}

/** `ifindex`. */
export function interfaceIndex(state: GenerateState, index: number): Test {
  if (state.linkType === "LINUX_SLL2") return compare(state, "header", 4, BPF.W, index);
  if (!state.options.linuxExtensions) {
    return fail(
      state,
      `ifindex not supported on ${linkTypeLabel(state.linkType)} without the Linux extensions, as in a file`,
    );
  }
  return compare(state, "packet", ANCILLARY_OFFSET + ANCILLARY.interfaceIndex, BPF.W, index);
}
