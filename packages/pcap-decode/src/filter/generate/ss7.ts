import { and, any, not, type Test } from "../block.ts";
import { BPF } from "../instruction.ts";
import type { FieldCondition } from "../syntax.ts";
import { jumpFor } from "./arithmetic.ts";
import { compare } from "./load.ts";
import { assertAtMost, fail, type GenerateState } from "./state.ts";

/** Where the length indicator stands in MTP2 (ITU-T Q.703) and in its high speed variant (Annex A). */
const LENGTH = { at: 2, size: BPF.B, mask: 0x3f, link: 2 } as const;
const HIGH_SPEED_LENGTH = { at: 4, size: BPF.H, mask: 0xff80, link: 0x100 } as const;

/** `fisu`, `lssu`, `msu` and the same of high speed links: a signal unit's kind is in its length. */
export function signalUnit(state: GenerateState, name: string): Test {
  assertMtp2(state, name);
  const { at, size, mask, link } = name.startsWith("h") ? HIGH_SPEED_LENGTH : LENGTH;
  const length = (jump: number, value: number): Test => compare(state, "packet", at, size, value, mask, jump);
  switch (name.replace(/^h/, "")) {
    case "fisu":
      return length(BPF.JEQ, 0);
    case "lssu": {
      const atMostLink = not(length(BPF.JGT, link));
      return and(atMostLink, length(BPF.JGT, 0));
    }
    default:
      return length(BPF.JGT, link);
  }
}

interface Field {
  readonly at: number;
  readonly size: number;
  readonly mask: number;
  readonly maximum: number;
  /** Puts the bits of a value where the routing label has them, which is in little-endian order. */
  readonly place: (value: number) => number;
}

const HIGH_SPEED_SHIFT = 3;

/** Fields of MTP3 (ITU-T Q.704, 2.2 and 14.2). */
const FIELDS: Readonly<Record<string, Field>> = {
  sio: { at: 3, size: BPF.B, mask: 0xffffffff, maximum: 0xff, place: (value) => value },
  dpc: {
    at: 4,
    size: BPF.H,
    mask: 0xff3f,
    maximum: 0x3fff,
    place: (value) => ((value & 0x00ff) << 8) | ((value & 0x3f00) >> 8),
  },
  opc: {
    at: 4,
    size: BPF.W,
    mask: 0x00c0ff0f,
    maximum: 0x3fff,
    place: (value) => ((value & 0x3c00) >> 10) | ((value & 0x03fc) << 6) | ((value & 0x0003) << 22),
  },
  sls: { at: 7, size: BPF.B, mask: 0xf0, maximum: 15, place: (value) => value << 4 },
};

/** `sio`, `opc`, `dpc`, `sls` and the same of high speed links, with a condition. */
export function ss7Field(state: GenerateState, name: string, condition: FieldCondition): Test {
  assertMtp2(state, name);
  if (condition.kind === "any") return any(...condition.conditions.map((one) => ss7Field(state, name, one)));
  const highSpeed = name.startsWith("h");
  const field = FIELDS[highSpeed ? name.slice(1) : name]!;
  assertAtMost(state, name, condition.value, field.maximum);
  const [jump, reversed] = jumpFor(condition.operator);
  const at = field.at + (highSpeed ? HIGH_SPEED_SHIFT : 0);
  const test = compare(state, "packet", at, field.size, field.place(condition.value), field.mask, jump);
  return reversed ? not(test) : test;
}

function assertMtp2(state: GenerateState, name: string): void {
  if (state.linkType !== "MTP2") fail(state, `'${name}' supported only on MTP2`);
}
