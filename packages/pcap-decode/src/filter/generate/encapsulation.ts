import { all, and, any, branch, or, type Statement, statement, type Test } from "../block.ts";
import { ANCILLARY, ANCILLARY_OFFSET, BPF } from "../instruction.ts";
import { isEthernet, isWireless, linkTypeLabel } from "../link-type.ts";
import { ETHER_TYPE, PPP_MPLS } from "./ether-type.ts";
import { linkProtocol } from "./link.ts";
import { compare, load } from "./load.ts";
import { allocateOffset, assertAtMost, fail, type GenerateState, offset } from "./state.ts";

const VLAN_TAG = 4;
const MPLS_LABEL = 4;
const PPPOE_HEADER = 6;
const PPP_PROTOCOL = 2;

/** `vlan [id]`: a tagged frame; everything to the right is about what the tag encloses. */
export function vlan(state: GenerateState, id: number | undefined): Test {
  if (id !== undefined) assertAtMost(state, "VLAN tag", id, 4095);
  if (state.mplsDepth > 0) return fail(state, "no VLAN match after MPLS");
  if (!isEthernet(state.linkType) && !isWireless(state.linkType)) {
    return fail(state, `'vlan' not supported on ${linkTypeLabel(state.linkType)}`);
  }
  const metadata = state.options.linuxExtensions && state.vlanDepth === 0 && state.linkType === "ETHERNET";
  const test = metadata ? vlanWithMetadata(state, id) : vlanInFrame(state, id);
  state.vlanDepth++;
  return test;
}

function vlanInFrame(state: GenerateState, id: number | undefined): Test {
  let test = isTagged(state);
  if (id !== undefined) test = and(test, compare(state, "payload", 0, BPF.H, id, 0x0fff));
  state.payload = { ...state.payload, constant: state.payload.constant + VLAN_TAG };
  state.type = shift(state, VLAN_TAG);
  return test;
}

function isTagged(state: GenerateState): Test {
  const types = [ETHER_TYPE.vlan, ETHER_TYPE.serviceVlan, ETHER_TYPE.oldServiceVlan];
  return any(...types.map((type) => linkProtocol(state, type)));
}

function shift(state: GenerateState, by: number): typeof state.type {
  return state.type === undefined ? undefined : { ...state.type, constant: state.type.constant + by };
}

/**
 * Linux takes the outermost tag out of a frame and keeps it beside the packet. Where it is there, the offsets of the
 * rest do not change; where it is in the frame, code on that path adds its length to them.
 */
function vlanWithMetadata(state: GenerateState, id: number | undefined): Test {
  const inMetadata = branch(
    [statement(BPF.LD | BPF.ABS | BPF.B, ANCILLARY_OFFSET + ANCILLARY.vlanTagPresent)],
    BPF.JEQ,
    1,
  );
  const inFrame = isTagged(state);
  const payload = offset(state.payload.constant, true, state.payload.register ?? allocateOffset(state));
  const type = offset(state.type!.constant, true, state.type!.register ?? allocateOffset(state));
  inFrame.head.statements = [...lengthen(payload.register!), ...lengthen(type.register!), ...inFrame.head.statements];
  let test = or(inMetadata, inFrame);
  if (id !== undefined) {
    test = and(test, branch(vlanIdentifier(state), BPF.JEQ, id));
  }
  state.payload = payload;
  state.type = type;
  state.vlanOffsets = true;
  return test;
}

function lengthen(register: number): Statement[] {
  return [
    statement(BPF.LD | BPF.MEM, register),
    statement(BPF.ALU | BPF.ADD | BPF.K, VLAN_TAG),
    statement(BPF.ST, register),
  ];
}

function vlanIdentifier(state: GenerateState): Statement[] {
  const inFrame = load(state, "payload", 0, BPF.H);
  const metadata = statement(BPF.LD | BPF.ABS | BPF.H, ANCILLARY_OFFSET + ANCILLARY.vlanTag);
  const identifier = statement(BPF.ALU | BPF.AND | BPF.K, 0x0fff);
  return [
    statement(BPF.LD | BPF.ABS | BPF.B, ANCILLARY_OFFSET + ANCILLARY.vlanTagPresent),
    { ...statement(BPF.JMP | BPF.JEQ | BPF.K, 1), yes: metadata, no: inFrame[0]! },
    metadata,
    { ...statement(BPF.JMP | BPF.JA), yes: identifier },
    ...inFrame,
    identifier,
  ];
}

/** `mpls [label]`. */
export function mpls(state: GenerateState, label: number | undefined): Test {
  if (label !== undefined) assertAtMost(state, "MPLS label", label, 0xfffff);
  const tests: Test[] = [];
  if (state.mplsDepth > 0) {
    // Another label follows when the one before is not the bottom of the stack.
    tests.push(hasNoBit(state, 2, 0x01));
  } else if (state.linkType === "C_HDLC" || isEthernet(state.linkType)) {
    tests.push(linkProtocol(state, ETHER_TYPE.mpls));
  } else if (state.linkType === "PPP") {
    tests.push(linkProtocol(state, PPP_MPLS));
  } else {
    return fail(state, `'mpls' not supported on ${linkTypeLabel(state.linkType)}`);
  }
  if (label !== undefined) tests.push(compare(state, "payload", 0, BPF.W, (label << 12) >>> 0, 0xfffff000));
  state.networkNoSnap += MPLS_LABEL;
  state.network += MPLS_LABEL;
  state.mplsDepth++;
  return all(...tests);
}

function hasNoBit(state: GenerateState, at: number, bit: number): Test {
  const { head, yes, no } = branch(load(state, "previousMpls", at, BPF.B), BPF.JSET, bit);
  return { head, yes: no, no: yes };
}

/** `pppoed`. */
export function pppoeDiscovery(state: GenerateState): Test {
  return linkProtocol(state, ETHER_TYPE.pppoeDiscovery);
}

/** `pppoes [session]`. */
export function pppoeSession(state: GenerateState, session: number | undefined): Test {
  if (session !== undefined) assertAtMost(state, "PPPoE session number", session, 0xffff);
  let test = linkProtocol(state, ETHER_TYPE.pppoeSession);
  if (session !== undefined) test = and(test, compare(state, "payload", 2, BPF.H, session));
  const at = state.payload.constant + state.network + PPPOE_HEADER;
  const { variable, register } = state.payload;
  enter(state, "PPP");
  state.networkNoSnap = 0;
  state.header = offset(at, variable, register);
  state.type = offset(at, variable, register);
  state.payload = offset(at + PPP_PROTOCOL, variable, register);
  return test;
}

/** Makes a link layer that a payload carries the one that tests are about. */
export function enter(state: GenerateState, linkType: "PPP" | "ETHERNET"): void {
  state.previousHeader = state.header;
  state.previousLinkType = state.linkType;
  state.linkType = linkType;
  state.network = 0;
}

/** Ethernet inside ATM LAN emulation (after the LE header). */
export function enterLane(state: GenerateState): void {
  const at = state.payload.constant + 2;
  enter(state, "ETHERNET");
  state.networkNoSnap = 3;
  state.header = offset(at);
  state.type = offset(at + 12);
  state.payload = offset(at + 14);
}
