import { branch, constant, not, type Statement, statement, type Test } from "../block.ts";
import { BPF } from "../instruction.ts";
import { allocateOffset, type GenerateState, type Offset } from "./state.ts";

/** What an offset is relative to. `payload` is the network layer, `transport4` what follows an IPv4 header. */
export type Base =
  | "packet"
  | "header"
  | "previousHeader"
  | "type"
  | "llc"
  | "payload"
  | "payloadNoSnap"
  | "previousMpls"
  | "transport4"
  | "transport6";

const IPV6_HEADER = 40;

/** Statements that load a field into A. `size` is W, H or B. */
export function load(state: GenerateState, base: Base, at: number, size: number): Statement[] {
  switch (base) {
    case "packet":
      return [statement(BPF.LD | BPF.ABS | size, at)];
    case "header":
      return loadAt(state, state.header, at, size);
    case "previousHeader":
      return loadAt(state, state.previousHeader, at, size);
    case "type":
      return loadAt(state, state.type ?? state.header, at, size);
    case "llc":
      return loadAt(state, state.payload, at, size);
    case "payload":
      return loadAt(state, state.payload, state.network + at, size);
    case "payloadNoSnap":
      return loadAt(state, state.payload, state.networkNoSnap + at, size);
    case "previousMpls":
      return loadAt(state, state.payload, state.network - 4 + at, size);
    case "transport6":
      return loadAt(state, state.payload, state.network + IPV6_HEADER + at, size);
    case "transport4":
      return [
        ...loadIpHeaderLength(state),
        statement(BPF.LD | BPF.IND | size, state.payload.constant + state.network + at),
      ];
  }
}

function loadAt(state: GenerateState, from: Offset, at: number, size: number): Statement[] {
  const variable = loadVariable(state, from);
  const mode = variable.length > 0 ? BPF.IND : BPF.ABS;
  return [...variable, statement(BPF.LD | mode | size, from.constant + at)];
}

/** Loads the variable part of an offset into X; nothing for a constant one. */
export function loadVariable(state: GenerateState, from: Offset): Statement[] {
  if (!from.variable) return [];
  from.register ??= allocateOffset(state);
  return [statement(BPF.LDX | BPF.MEM, from.register)];
}

/** Loads into X the length of the IPv4 header, and what is variable before it. */
export function loadIpHeaderLength(state: GenerateState): Statement[] {
  const at = state.payload.constant + state.network;
  const variable = loadVariable(state, state.payload);
  if (variable.length === 0) return [statement(BPF.LDX | BPF.MSH | BPF.B, at)];
  return [
    ...variable,
    statement(BPF.LD | BPF.IND | BPF.B, at),
    statement(BPF.ALU | BPF.AND | BPF.K, 0xf),
    statement(BPF.ALU | BPF.LSH | BPF.K, 2),
    statement(BPF.ALU | BPF.ADD | BPF.X),
    statement(BPF.MISC | BPF.TAX),
  ];
}

/** Whether a field equals a value, or compares with it as `jump` says; `mask` selects bits of it. */
export function compare(
  state: GenerateState,
  base: Base,
  at: number,
  size: number,
  value: number,
  mask = 0xffffffff,
  jump: number = BPF.JEQ,
): Test {
  const statements = load(state, base, at, size);
  if (mask !== 0xffffffff) statements.push(statement(BPF.ALU | BPF.AND | BPF.K, mask));
  return branch(statements, jump, value);
}

/** Like {@link compare}, but no bits to compare are always equal. */
export function compareBits(
  state: GenerateState,
  base: Base,
  at: number,
  size: number,
  value: number,
  mask: number,
): Test {
  return mask === 0 ? constant(true) : compare(state, base, at, size, value, mask);
}

/** Whether any of some bits of a field is set. */
export function hasBits(state: GenerateState, base: Base, at: number, size: number, bits: number): Test {
  return branch(load(state, base, at, size), BPF.JSET, bits);
}

/** Whether a field is larger than a value. */
export function greater(state: GenerateState, base: Base, at: number, size: number, value: number): Test {
  return compare(state, base, at, size, value, undefined, BPF.JGT);
}

/** Whether a field is at most a value. */
export function atMost(state: GenerateState, base: Base, at: number, size: number, value: number): Test {
  return not(greater(state, base, at, size, value));
}
