import { type Block, type Statement, statement } from "../block.ts";
import { BPF } from "../instruction.ts";
import { isWireless } from "../link-type.ts";
import type { GenerateState } from "./state.ts";

/**
 * Code before everything else that computes the offsets which depend on the packet: how long a radio header is, how
 * long the 802.11 or PF header after it.
 */
export function insertPrelude(state: GenerateState, root: Block): void {
  root.statements.unshift(...prelude(state, root));
}

function prelude(state: GenerateState, root: Block): Statement[] {
  const { linkType } = state.options;
  if (isWireless(linkType)) {
    const radio = radioHeaderLength(state);
    return [...radio, ...wirelessHeaderLength(state, radio.length > 0, root)];
  }
  if (linkType === "PFLOG" && state.payload.register !== undefined) return firewallHeaderLength(state.payload.register);
  if (state.vlanOffsets) {
    return [
      statement(BPF.LD | BPF.IMM, 0),
      statement(BPF.ST, state.payload.register!),
      statement(BPF.ST, state.type!.register!),
    ];
  }
  return [];
}

/** Leaves the length in X and in the register of the link header, if anything uses that. */
function radioHeaderLength(state: GenerateState): Statement[] {
  const { linkType } = state.options;
  const { register } = state.header;
  if (register === undefined || linkType === "IEEE802_11") return [];
  const store = [statement(BPF.ST, register), statement(BPF.MISC | BPF.TAX)];
  const byte = (at: number): Statement => statement(BPF.LD | BPF.ABS | BPF.B, at);
  switch (linkType) {
    case "IEEE802_11_RADIOTAP":
    case "PPI":
      // Both keep the length of the header in its third and fourth byte, in little-endian order.
      return [
        byte(3),
        statement(BPF.ALU | BPF.LSH | BPF.K, 8),
        statement(BPF.MISC | BPF.TAX),
        byte(2),
        statement(BPF.ALU | BPF.OR | BPF.X),
        ...store,
      ];
    case "IEEE802_11_RADIO_AVS":
      return [statement(BPF.LD | BPF.ABS | BPF.W, 4), ...store];
    default:
      return prismHeaderLength(store);
  }
}

const PRISM_HEADER = 144;
const AVS_COOKIE = 0x80211000;

/** Some drivers write an AVS header where they announce a Prism header, which has a constant length. */
function prismHeaderLength(store: Statement[]): Statement[] {
  const avs = statement(BPF.LD | BPF.ABS | BPF.W, 4);
  const prism = statement(BPF.LD | BPF.W | BPF.IMM, PRISM_HEADER);
  return [
    statement(BPF.LD | BPF.W | BPF.ABS, 0),
    statement(BPF.ALU | BPF.AND | BPF.K, 0xfffff000),
    { ...statement(BPF.JMP | BPF.JEQ | BPF.K, AVS_COOKIE), yes: avs, no: prism },
    avs,
    { ...statement(BPF.JMP | BPF.JA), yes: store[0]! },
    prism,
    ...store,
  ];
}

const WLAN_HEADER = 24;
const DATA = 0x08;
const CONTROL = 0x04;
const QOS = 0x80;

/** 24 bytes, 26 for data with quality of service; after a radio header padded to words if that says so. */
function wirelessHeaderLength(state: GenerateState, afterRadio: boolean, root: Block): Statement[] {
  const { register } = state.payload;
  if (register === undefined) return [];
  state.optimisable = false;
  const first = firstOf(root);
  const qos = [
    statement(BPF.LD | BPF.MEM, register),
    statement(BPF.ALU | BPF.ADD | BPF.K, 2),
    statement(BPF.ST, register),
  ];
  const padding = paddingCheck(state, register, first);
  const after = padding[0] ?? first;
  const isQos = test(QOS, qos[0]!, after);
  const isControl = test(CONTROL, first, isQos);
  const isData = test(DATA, isControl, first);
  return [
    ...(afterRadio ? [] : [statement(BPF.LDX | BPF.IMM, 0)]),
    statement(BPF.MISC | BPF.TXA),
    statement(BPF.ALU | BPF.ADD | BPF.K, WLAN_HEADER),
    statement(BPF.ST, register),
    statement(BPF.LD | BPF.IND | BPF.B, 0),
    isData,
    isControl,
    isQos,
    ...qos,
    ...padding,
  ];
}

/** The statement that the block would start with; a block without one gets one to jump to. */
function firstOf(root: Block): Statement {
  if (root.statements.length === 0) root.statements.push(statement(BPF.ALU | BPF.ADD | BPF.K, 0));
  return root.statements[0]!;
}

function test(bits: number, yes: Statement, no: Statement): Statement {
  return { ...statement(BPF.JMP | BPF.JSET | BPF.K, bits), yes, no };
}

/** Bits of radiotap's presence word, in the order in which a big-endian load sees them. */
const FLAGS_PRESENT = 0x02000000;
const TSFT_PRESENT = 0x01000000;
const EXTENDED = 0x00000080;
const PADDED = 0x20;

/** radiotap's flags say whether the driver padded the 802.11 header; a time stamp may stand before them. */
function paddingCheck(state: GenerateState, register: number, first: Statement): Statement[] {
  if (state.linkType !== "IEEE802_11_RADIOTAP") return [];
  const round = [
    statement(BPF.LD | BPF.MEM, register),
    statement(BPF.ALU | BPF.ADD | BPF.K, 3),
    statement(BPF.ALU | BPF.AND | BPF.K, 0xfffffffc),
    statement(BPF.ST, register),
  ];
  const flags = statement(BPF.LD | BPF.ABS | BPF.B, 8);
  const flagsAfterTime = statement(BPF.LD | BPF.ABS | BPF.B, 16);
  const hasTime = test(TSFT_PRESENT, flagsAfterTime, flags);
  const isExtended = test(EXTENDED, first, hasTime);
  return [
    statement(BPF.LD | BPF.ABS | BPF.W, 4),
    test(FLAGS_PRESENT, isExtended, first),
    isExtended,
    hasTime,
    flagsAfterTime,
    test(PADDED, round[0]!, first),
    flags,
    test(PADDED, round[0]!, first),
    ...round,
  ];
}

/** The first byte is the length of the header; what follows is aligned to words. */
function firewallHeaderLength(register: number): Statement[] {
  return [
    statement(BPF.LD | BPF.ABS | BPF.B, 0),
    statement(BPF.ALU | BPF.ADD | BPF.K, 3),
    statement(BPF.ALU | BPF.AND | BPF.K, 0xfffffffc),
    statement(BPF.ST, register),
    statement(BPF.MISC | BPF.TAX),
  ];
}
