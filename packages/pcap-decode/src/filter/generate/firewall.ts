import type { Test } from "../block.ts";
import { BPF } from "../instruction.ts";
import { compareBytes } from "./bytes.ts";
import { compare } from "./load.ts";
import { fail, type GenerateState } from "./state.ts";

/** Offsets in the header that OpenBSD's pflog(4) puts before a packet. */
export const PFLOG = {
  action: 2,
  reason: 3,
  interfaceName: 4,
  ruleset: 20,
  rule: 36,
  subrule: 40,
  direction: 60,
} as const;

const INTERFACE_NAME_SIZE = 16;
const RULESET_SIZE = 16;

/** Reasons of pf(4); from 15 on each system has its own, under names that do not clash. */
const REASONS: Readonly<Record<string, number>> = {
  match: 0,
  "bad-offset": 1,
  fragment: 2,
  short: 3,
  normalize: 4,
  memory: 5,
  "bad-timestamp": 6,
  congestion: 7,
  "ip-option": 8,
  "proto-cksum": 9,
  "state-mismatch": 10,
  "state-insert": 11,
  "state-limit": 12,
  "src-limit": 13,
  synproxy: 14,
  translate: 15,
  "map-failed": 15,
  dummynet: 15,
  "no-route": 16,
  "state-locked": 15,
};

const ACTIONS: Readonly<Record<string, number>> = {
  pass: 0,
  accept: 0,
  drop: 1,
  block: 1,
  scrub: 2,
  noscrub: 3,
  nat: 4,
  nonat: 5,
  binat: 6,
  nobinat: 7,
  rdr: 8,
  nordr: 9,
  "synproxy-drop": 10,
  defer: 11,
  dummynet: 11,
  match: 12,
  nodummynet: 12,
  divert: 13,
  rt: 14,
  afrt: 15,
};

/** `ifname`, `rset`, `rnr`, `srnr`, `reason` and `action`: what PF wrote about a packet. */
export function firewallTest(state: GenerateState, name: string, operand: number | string): Test {
  if (state.linkType !== "PFLOG") return fail(state, `'${name}' supported only on PFLOG linktype`);
  switch (name) {
    case "ifname":
      return nameTest(state, PFLOG.interfaceName, "ifname interface names", String(operand), INTERFACE_NAME_SIZE);
    case "rset":
      return nameTest(state, PFLOG.ruleset, "ruleset names", String(operand), RULESET_SIZE);
    case "rnr":
      return compare(state, "header", PFLOG.rule, BPF.W, Number(operand));
    case "srnr":
      return compare(state, "header", PFLOG.subrule, BPF.W, Number(operand));
    case "reason":
      return compare(state, "header", PFLOG.reason, BPF.B, lookUp(state, REASONS, "reason", operand));
    default:
      return compare(state, "header", PFLOG.action, BPF.B, lookUp(state, ACTIONS, "action", operand));
  }
}

function nameTest(state: GenerateState, at: number, what: string, name: string, size: number): Test {
  const bytes = new TextEncoder().encode(name);
  if (bytes.length >= size) return fail(state, `${what} may have at most ${size - 1} characters`);
  return compareBytes(state, "header", at, bytes);
}

function lookUp(
  state: GenerateState,
  table: Readonly<Record<string, number>>,
  what: string,
  name: number | string,
): number {
  if (typeof name === "number") return name;
  const value = Object.hasOwn(table, name) ? table[name] : undefined;
  return value ?? fail(state, `unknown PF ${what} "${name}"`);
}
