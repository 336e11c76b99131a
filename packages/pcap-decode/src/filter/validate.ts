import {
  ANCILLARY_OFFSET,
  BPF,
  classOf,
  type Instruction,
  MAX_INSTRUCTIONS,
  modeOf,
  operationOf,
  SCRATCH_WORDS,
  sourceOf,
} from "./instruction.ts";

/** Why the kernel would refuse a program. */
export interface ValidationProblem {
  /** Index of the instruction, `undefined` for the program as a whole. */
  readonly instruction: number | undefined;
  readonly message: string;
}

/** The last ancillary field that Linux 4.20 and later know (`SKF_AD_VLAN_TPID`), in steps of four. */
const LAST_ANCILLARY = 60;
const MAX_DEFINED_OFFSET = LAST_ANCILLARY + 4;

/** Codes that the kernel has; everything else is refused (`chk_code_allowed` in `net/core/filter.c`). */
const KNOWN_CODES: ReadonlySet<number> = new Set([
  ...[BPF.ADD, BPF.SUB, BPF.MUL, BPF.DIV, BPF.MOD, BPF.AND, BPF.OR, BPF.XOR, BPF.LSH, BPF.RSH].flatMap((operation) => [
    BPF.ALU | operation | BPF.K,
    BPF.ALU | operation | BPF.X,
  ]),
  BPF.ALU | BPF.NEG,
  ...[BPF.W, BPF.H, BPF.B].flatMap((size) => [BPF.LD | size | BPF.ABS, BPF.LD | size | BPF.IND]),
  BPF.LD | BPF.W | BPF.LEN,
  BPF.LD | BPF.IMM,
  BPF.LD | BPF.MEM,
  BPF.LDX | BPF.W | BPF.LEN,
  BPF.LDX | BPF.B | BPF.MSH,
  BPF.LDX | BPF.IMM,
  BPF.LDX | BPF.MEM,
  BPF.ST,
  BPF.STX,
  BPF.MISC | BPF.TAX,
  BPF.MISC | BPF.TXA,
  BPF.RET | BPF.K,
  BPF.RET | BPF.A,
  BPF.JMP | BPF.JA,
  ...[BPF.JEQ, BPF.JGE, BPF.JGT, BPF.JSET].flatMap((operation) => [
    BPF.JMP | operation | BPF.K,
    BPF.JMP | operation | BPF.X,
  ]),
]);

/**
 * What the Linux kernel would find wrong with a program given to `SO_ATTACH_FILTER` (`bpf_check_classic` in
 * `net/core/filter.c`); empty when it takes it. A `protochain` jumps backwards, so it is never taken.
 */
export function validateProgram(program: readonly Instruction[]): ValidationProblem[] {
  if (program.length === 0) return [{ instruction: undefined, message: "program is empty" }];
  if (program.length > MAX_INSTRUCTIONS) {
    return [
      {
        instruction: undefined,
        message: `program has ${program.length} instructions, at most ${MAX_INSTRUCTIONS} run`,
      },
    ];
  }
  const problems = program.flatMap((instruction, index) => {
    const message = problemOf(instruction, index, program.length);
    return message === undefined ? [] : [{ instruction: index, message }];
  });
  const last = program[program.length - 1]!;
  if (classOf(last.code) !== BPF.RET) {
    problems.push({ instruction: program.length - 1, message: "last instruction is not a return" });
  }
  return problems.length > 0 ? problems : checkScratch(program);
}

function problemOf({ code, jt, jf, k }: Instruction, index: number, length: number): string | undefined {
  if (!KNOWN_CODES.has(code)) return `unknown operation 0x${code.toString(16)}`;
  switch (classOf(code)) {
    case BPF.ALU:
      if (sourceOf(code) === BPF.X) return undefined;
      if (operationOf(code) === BPF.DIV || operationOf(code) === BPF.MOD) {
        return k === 0 ? "division by constant zero" : undefined;
      }
      if (operationOf(code) === BPF.LSH || operationOf(code) === BPF.RSH) {
        return k >= 32 ? `shift by ${k}, at most 31` : undefined;
      }
      return undefined;
    case BPF.JMP:
      if (operationOf(code) === BPF.JA) {
        return k >= length - index - 1 ? "jump leaves the program or goes backwards" : undefined;
      }
      return index + jt + 1 >= length || index + jf + 1 >= length ? "jump leaves the program" : undefined;
    case BPF.ST:
    case BPF.STX:
      return k >= SCRATCH_WORDS ? `no scratch word ${k}` : undefined;
    case BPF.LD:
    case BPF.LDX:
      if (modeOf(code) === BPF.MEM && k >= SCRATCH_WORDS) return `no scratch word ${k}`;
      if (modeOf(code) === BPF.ABS && k >= ANCILLARY_OFFSET && !isAncillary(k - ANCILLARY_OFFSET)) {
        return `no ancillary field at ${k - ANCILLARY_OFFSET}`;
      }
      return undefined;
    default:
      return undefined;
  }
}

function isAncillary(offset: number): boolean {
  return offset % 4 === 0 && offset < MAX_DEFINED_OFFSET;
}

/** Every scratch word is written on all ways to where it is read. */
function checkScratch(program: readonly Instruction[]): ValidationProblem[] {
  const written = new Uint16Array(program.length).fill(0xffff);
  let valid = 0;
  for (const [index, { code, jt, jf, k }] of program.entries()) {
    valid &= written[index]!;
    switch (classOf(code)) {
      case BPF.ST:
      case BPF.STX:
        valid |= 1 << k;
        break;
      case BPF.LD:
      case BPF.LDX:
        if (modeOf(code) === BPF.MEM && (valid & (1 << k)) === 0) {
          return [{ instruction: index, message: `M[${k}] is read before it is written` }];
        }
        break;
      case BPF.JMP:
        if (operationOf(code) === BPF.JA) {
          written[index + 1 + k]! &= valid;
        } else {
          written[index + 1 + jt]! &= valid;
          written[index + 1 + jf]! &= valid;
        }
        valid = 0xffff;
        break;
    }
  }
  return [];
}
