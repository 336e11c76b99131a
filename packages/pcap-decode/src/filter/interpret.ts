import {
  BPF,
  classOf,
  type Instruction,
  modeOf,
  operationOf,
  SCRATCH_WORDS,
  sourceOf,
  widthOf,
} from "./instruction.ts";

/**
 * A program's verdict on the packet of `captured` bytes at `offset`, which had `original` bytes on the wire: how many
 * bytes to keep, 0 to drop it. A load past the captured bytes and a division by zero drop it. As in libpcap, a shift by
 * 32 or more in X gives 0; the Linux kernel shifts by the remainder of a division by 32.
 */
export type FilterProgram = (buffer: Uint8Array, offset: number, captured: number, original: number) => number;

/**
 * Most steps that one run spends in loops. Only a `protochain` jumps backwards, and headers can be made to lead to each
 * other in a circle.
 */
const MAX_LOOP_STEPS = 65_536;

/** Runs a program instruction by instruction. */
export function interpreter(program: readonly Instruction[]): FilterProgram {
  const memory = new Uint32Array(SCRATCH_WORDS);
  const limit = program.length + MAX_LOOP_STEPS;
  const codes = Uint16Array.from(program, ({ code }) => code);
  const operands = Uint32Array.from(program, ({ k }) => k);
  const yes = Uint8Array.from(program, ({ jt }) => jt);
  const no = Uint8Array.from(program, ({ jf }) => jf);
  return (buffer, offset, captured, original) => {
    memory.fill(0);
    let a = 0;
    let x = 0;
    let at = 0;
    for (let steps = 0; steps < limit; steps++) {
      const code = codes[at]!;
      const k = operands[at]!;
      at++;
      switch (classOf(code)) {
        case BPF.LD: {
          const value = load(code, k, x, memory, buffer, offset, captured, original);
          if (value < 0) return 0;
          a = value;
          break;
        }
        case BPF.LDX: {
          const value = load(code, k, x, memory, buffer, offset, captured, original);
          if (value < 0) return 0;
          x = value;
          break;
        }
        case BPF.ST:
          memory[k] = a;
          break;
        case BPF.STX:
          memory[k] = x;
          break;
        case BPF.ALU: {
          const value = calculate(operationOf(code), a, sourceOf(code) === BPF.X ? x : k);
          if (value < 0) return 0;
          a = value;
          break;
        }
        case BPF.JMP:
          if (operationOf(code) === BPF.JA) at += k | 0;
          else at += holds(operationOf(code), a, sourceOf(code) === BPF.X ? x : k) ? yes[at - 1]! : no[at - 1]!;
          break;
        case BPF.RET:
          return code & BPF.A ? a : k;
        default:
          if (code & BPF.TXA) a = x;
          else x = a;
      }
    }
    return 0;
  };
}

/** The loaded value, -1 when it is not in the packet. */
function load(
  code: number,
  k: number,
  x: number,
  memory: Uint32Array,
  buffer: Uint8Array,
  offset: number,
  captured: number,
  original: number,
): number {
  switch (modeOf(code)) {
    case BPF.IMM:
      return k;
    case BPF.MEM:
      return memory[k]!;
    case BPF.LEN:
      return original;
    case BPF.MSH:
      return k >= captured ? -1 : (buffer[offset + k]! & 0xf) << 2;
  }
  const index = modeOf(code) === BPF.IND ? x + k : k;
  const width = widthOf(code);
  if (index > captured - width) return -1;
  const at = offset + index;
  if (width === 1) return buffer[at]!;
  if (width === 2) return (buffer[at]! << 8) | buffer[at + 1]!;
  return ((buffer[at]! << 24) | (buffer[at + 1]! << 16) | (buffer[at + 2]! << 8) | buffer[at + 3]!) >>> 0;
}

/** The result as an unsigned number, -1 for a division by zero. */
function calculate(operation: number, a: number, operand: number): number {
  switch (operation) {
    case BPF.ADD:
      return (a + operand) >>> 0;
    case BPF.SUB:
      return (a - operand) >>> 0;
    case BPF.MUL:
      return Math.imul(a, operand) >>> 0;
    case BPF.DIV:
      return operand === 0 ? -1 : Math.floor(a / operand);
    case BPF.MOD:
      return operand === 0 ? -1 : a % operand;
    case BPF.AND:
      return (a & operand) >>> 0;
    case BPF.OR:
      return (a | operand) >>> 0;
    case BPF.XOR:
      return (a ^ operand) >>> 0;
    case BPF.LSH:
      return operand > 31 ? 0 : (a << operand) >>> 0;
    case BPF.RSH:
      return operand > 31 ? 0 : a >>> operand;
    default:
      return -a >>> 0;
  }
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
      return (a & operand) !== 0;
  }
}
