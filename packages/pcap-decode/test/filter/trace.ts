import {
  BPF,
  classOf,
  type Instruction,
  modeOf,
  operationOf,
  sourceOf,
  widthOf,
} from "../../src/filter/instruction.ts";

/** Where a number in A or X comes from: bytes of the packet, or its length, and what was done to them. */
export interface Origin {
  readonly at: number | "length";
  readonly width: number;
  readonly steps: readonly { readonly operation: number; readonly operand: number }[];
}

/** A conditional jump that a run came past. */
export interface Decision {
  readonly index: number;
  readonly taken: boolean;
  readonly operation: number;
  readonly a: number;
  readonly operand: number;
  readonly origin: Origin | undefined;
  readonly operandOrigin: Origin | undefined;
}

interface Trace {
  readonly verdict: number;
  readonly decisions: readonly Decision[];
  /** Whether scratch memory was read that the program had not written. */
  readonly readsUnwritten: boolean;
  /** Where bytes were loaded, past the end too. */
  readonly loads: readonly { readonly at: number; readonly width: number }[];
}

interface Cell {
  readonly value: number;
  readonly origin: Origin | undefined;
}

const MAX_STEPS = 20_000;
const ZERO: Cell = { value: 0, origin: undefined };

/** Runs a program on a packet, step by step in BigInt arithmetic, and remembers what its jumps depend on. */
export function trace(program: readonly Instruction[], packet: Uint8Array, wire: number): Trace {
  const memory = new Array<Cell | undefined>(16).fill(undefined);
  let readsUnwritten = false;
  const decisions: Decision[] = [];
  const loads: { at: number; width: number }[] = [];
  let a = ZERO;
  let x = ZERO;
  let pc = 0;
  const done = (verdict: number): Trace => ({ verdict, decisions, loads, readsUnwritten });

  const read = (code: number, k: number): Cell | undefined => {
    switch (modeOf(code)) {
      case BPF.IMM:
        return { value: k, origin: undefined };
      case BPF.MEM:
        readsUnwritten ||= memory[k] === undefined;
        return memory[k] ?? ZERO;
      case BPF.LEN:
        return { value: wire, origin: { at: "length", width: 4, steps: [] } };
    }
    const isMsh = modeOf(code) === BPF.MSH;
    const width = isMsh ? 1 : widthOf(code);
    const at = modeOf(code) === BPF.IND ? x.value + k : k;
    loads.push({ at, width });
    if (at + width > packet.length) return undefined;
    let value = 0;
    for (let i = 0; i < width; i++) value = value * 256 + packet[at + i]!;
    if (!isMsh) return { value, origin: { at, width, steps: [] } };
    const steps = [
      { operation: BPF.AND, operand: 0xf },
      { operation: BPF.LSH, operand: 2 },
    ];
    return { value: (value & 0xf) * 4, origin: { at, width, steps } };
  };

  for (let step = 0; step < MAX_STEPS; step++) {
    const { code, jt, jf, k } = program[pc]!;
    pc++;
    const operand = sourceOf(code) === BPF.X ? x : { value: k, origin: undefined };
    switch (classOf(code)) {
      case BPF.LD: {
        const cell = read(code, k);
        if (cell === undefined) return done(0);
        a = cell;
        break;
      }
      case BPF.LDX: {
        const cell = read(code, k);
        if (cell === undefined) return done(0);
        x = cell;
        break;
      }
      case BPF.ST:
        memory[k] = a;
        break;
      case BPF.STX:
        memory[k] = x;
        break;
      case BPF.MISC:
        if (code & BPF.TXA) a = x;
        else x = a;
        break;
      case BPF.ALU: {
        const operation = operationOf(code);
        const value = calculate(operation, a.value, operand.value);
        if (value === undefined) return done(0);
        const base = a.origin ?? (isCommutative(operation) ? operand.origin : undefined);
        const other = a.origin === undefined ? a.value : operand.value;
        const origin =
          base === undefined ? undefined : { ...base, steps: [...base.steps, { operation, operand: other }] };
        a = { value, origin };
        break;
      }
      case BPF.JMP: {
        const operation = operationOf(code);
        if (operation === BPF.JA) {
          pc += k | 0;
          break;
        }
        const taken = holds(operation, a.value, operand.value);
        decisions.push({
          index: pc - 1,
          taken,
          operation,
          a: a.value,
          operand: operand.value,
          origin: a.origin,
          operandOrigin: operand.origin,
        });
        pc += taken ? jt : jf;
        break;
      }
      default:
        return done(code & BPF.A ? a.value : k);
    }
  }
  return done(0);
}

function isCommutative(operation: number): boolean {
  return operation === BPF.ADD || operation === BPF.MUL || operation === BPF.XOR;
}

function calculate(operation: number, left: number, right: number): number | undefined {
  const a = BigInt(left);
  const b = BigInt(right);
  const result = (): bigint | undefined => {
    switch (operation) {
      case BPF.ADD:
        return a + b;
      case BPF.SUB:
        return a - b;
      case BPF.MUL:
        return a * b;
      case BPF.DIV:
        return b === 0n ? undefined : a / b;
      case BPF.MOD:
        return b === 0n ? undefined : a % b;
      case BPF.AND:
        return a & b;
      case BPF.OR:
        return a | b;
      case BPF.XOR:
        return a ^ b;
      case BPF.LSH:
        return b > 31n ? 0n : a << b;
      case BPF.RSH:
        return b > 31n ? 0n : a >> b;
      default:
        return -a;
    }
  };
  const value = result();
  return value === undefined ? undefined : Number(BigInt.asUintN(32, value));
}

function holds(operation: number, a: number, operand: number): boolean {
  switch (operation) {
    case BPF.JEQ:
      return a === operand;
    case BPF.JGT:
      return a > operand;
    case BPF.JGE:
      return a >= operand;
    default:
      return (BigInt(a) & BigInt(operand)) !== 0n;
  }
}
