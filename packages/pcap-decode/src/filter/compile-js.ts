import {
  BPF,
  classOf,
  type Instruction,
  MAX_INSTRUCTIONS,
  modeOf,
  operationOf,
  SCRATCH_WORDS,
  sourceOf,
  widthOf,
} from "./instruction.ts";
import type { FilterProgram } from "./interpret.ts";

/** Longer programs are interpreted: V8 would compile their function slowly or not at all. */
const MAX_COMPILED_INSTRUCTIONS = MAX_INSTRUCTIONS;

/**
 * A program as a JavaScript function, `undefined` when it has to be interpreted: it is long, it jumps backwards, or
 * the page's content security policy forbids code from strings.
 */
export function compileToJavaScript(program: readonly Instruction[]): FilterProgram | undefined {
  if (program.length > MAX_COMPILED_INSTRUCTIONS || program.some(jumpsBackwards)) return undefined;
  try {
    // Only numbers of the program go into the source, see number().
    return new Function("b", "o", "c", "w", generateSource(program)) as FilterProgram;
  } catch (error) {
    if (error instanceof EvalError) return undefined;
    throw error;
  }
}

function jumpsBackwards({ code, k }: Instruction): boolean {
  return code === (BPF.JMP | BPF.JA) && k > 0x7fffffff;
}

/**
 * The body of the function. Jumps go forward only, so a jump to instruction n is a `break` out of a block that ends
 * before it: `L9:{L5:{… if(a!==2048)break L9; …} …} return 0`. A and X are signed, comparisons unsigned.
 *
 * b: bytes, o: where the packet starts, c: captured length, w: length on the wire.
 */
export function generateSource(program: readonly Instruction[]): string {
  const targets = findTargets(program);
  const bounds = findBounds(program);
  const scratch = Array.from({ length: SCRATCH_WORDS }, (_, word) => word).filter((word) => usesScratch(program, word));
  const lines = [`"use strict";let a=0,x=0,i=0${scratch.map((word) => `,m${word}=0`).join("")};`];
  for (const target of [...targets].reverse()) lines.push(`L${target}:{`);
  for (const [index, instruction] of program.entries()) {
    if (targets.has(index)) lines.push("}");
    const end = bounds[index]!;
    if (end > 0) lines.push(`if(c<${number(end)})return 0;`);
    lines.push(emit(program, instruction, index));
  }
  return lines.join("\n");
}

function usesScratch(program: readonly Instruction[], word: number): boolean {
  return program.some(({ code, k }) => {
    if (k !== word) return false;
    const kind = classOf(code);
    return kind === BPF.ST || kind === BPF.STX || (kind <= BPF.LDX && modeOf(code) === BPF.MEM);
  });
}

/** Instructions that something jumps to, in order; jumps to a constant return are returns themselves. */
function findTargets(program: readonly Instruction[]): Set<number> {
  const targets = new Set<number>();
  for (const [index, { code, jt, jf, k }] of program.entries()) {
    if (classOf(code) !== BPF.JMP) continue;
    const distances = operationOf(code) === BPF.JA ? [k] : [jt, jf];
    for (const distance of distances) {
      const target = index + 1 + distance;
      if (distance > 0 && !isConstantReturn(program[target])) targets.add(target);
    }
  }
  return new Set([...targets].sort((left, right) => left - right));
}

function isConstantReturn(instruction: Instruction | undefined): boolean {
  return instruction?.code === (BPF.RET | BPF.K);
}

/**
 * Captured bytes to insist on before each instruction, 0 for none. A load outside the packet ends the program with 0
 * and nothing can be observed before, so one check at the start of a run of instructions covers all loads in it; and
 * none is needed where all ways there have checked as much.
 */
function findBounds(program: readonly Instruction[]): number[] {
  const known = new Array<number>(program.length).fill(Number.POSITIVE_INFINITY);
  const bounds = new Array<number>(program.length).fill(0);
  const starts = new Set([0]);
  for (const [index, { code, jt, jf, k }] of program.entries()) {
    if (classOf(code) === BPF.RET) starts.add(index + 1);
    if (classOf(code) !== BPF.JMP) continue;
    if (operationOf(code) === BPF.JA) starts.add(index + 1 + k);
    else starts.add(index + 1 + jt).add(index + 1 + jf);
    starts.add(index + 1);
  }
  known[0] = 0;
  let checked = 0;
  for (const [index, { code, jt, jf, k }] of program.entries()) {
    if (starts.has(index)) {
      checked = known[index]!;
      const end = endOfLoads(program, index, starts);
      if (end > checked) {
        bounds[index] = end;
        checked = end;
      }
    }
    const next = (distance: number): void => {
      const target = index + 1 + distance;
      if (target < known.length) known[target] = Math.min(known[target]!, checked);
    };
    if (classOf(code) === BPF.RET) continue;
    if (classOf(code) !== BPF.JMP) next(0);
    else if (operationOf(code) === BPF.JA) next(k);
    else {
      next(jt);
      next(jf);
    }
  }
  return bounds;
}

/** Where the farthest constant load ends, in the instructions up to the next that something jumps to. */
function endOfLoads(program: readonly Instruction[], from: number, starts: ReadonlySet<number>): number {
  let end = 0;
  for (let index = from; index < program.length; index++) {
    if (index > from && starts.has(index)) break;
    const { code, k } = program[index]!;
    if (classOf(code) > BPF.LDX) continue;
    if (modeOf(code) === BPF.ABS) end = Math.max(end, k + widthOf(code));
    if (modeOf(code) === BPF.MSH) end = Math.max(end, k + 1);
  }
  return end;
}

function emit(program: readonly Instruction[], { code, jt, jf, k }: Instruction, index: number): string {
  switch (classOf(code)) {
    case BPF.LD:
      return emitLoad("a", code, k);
    case BPF.LDX:
      return emitLoad("x", code, k);
    case BPF.ST:
      return `m${k}=a;`;
    case BPF.STX:
      return `m${k}=x;`;
    case BPF.ALU:
      return emitOperation(operationOf(code), sourceOf(code) === BPF.X ? undefined : k);
    case BPF.RET:
      return code & BPF.A ? "return a>>>0;" : `return ${number(k)};`;
    case BPF.MISC:
      return code & BPF.TXA ? "a=x;" : "x=a;";
  }
  if (operationOf(code) === BPF.JA) return jump(program, index, k);
  const condition = emitCondition(operationOf(code), sourceOf(code) === BPF.X ? undefined : k);
  if (jt === jf) return jump(program, index, jt);
  if (jt === 0) return `if(!(${condition}))${jump(program, index, jf)}`;
  const taken = `if(${condition})${jump(program, index, jt)}`;
  return jf === 0 ? taken : `${taken}else ${jump(program, index, jf)}`;
}

function jump(program: readonly Instruction[], index: number, distance: number): string {
  const target = index + 1 + distance;
  if (isConstantReturn(program[target])) return `return ${number(program[target]!.k)};`;
  return distance === 0 ? ";" : `break L${target};`;
}

function emitLoad(register: string, code: number, k: number): string {
  switch (modeOf(code)) {
    case BPF.IMM:
      return `${register}=${number(k | 0)};`;
    case BPF.MEM:
      return `${register}=m${k};`;
    case BPF.LEN:
      return `${register}=w|0;`;
    case BPF.MSH:
      return `${register}=(b[o+${number(k)}]&15)<<2;`;
    case BPF.ABS:
      return `${register}=${bytes(`o+${number(k)}`, widthOf(code))};`;
    default:
      return `i=(x>>>0)+${number(k)};if(i>c-${widthOf(code)})return 0;i+=o;${register}=${bytes("i", widthOf(code))};`;
  }
}

function bytes(at: string, width: number): string {
  if (width === 1) return `b[${at}]`;
  if (width === 2) return `b[${at}]<<8|b[${at}+1]`;
  return `b[${at}]<<24|b[${at}+1]<<16|b[${at}+2]<<8|b[${at}+3]`;
}

function emitOperation(operation: number, k: number | undefined): string {
  const signed = k === undefined ? "x" : number(k | 0);
  const unsigned = k === undefined ? "(x>>>0)" : number(k);
  switch (operation) {
    case BPF.ADD:
      return `a=a+${signed}|0;`;
    case BPF.SUB:
      return `a=a-${signed}|0;`;
    case BPF.MUL:
      return `a=Math.imul(a,${signed});`;
    case BPF.DIV:
      return `if(${signed}===0)return 0;a=(a>>>0)/${unsigned}|0;`;
    case BPF.MOD:
      return `if(${signed}===0)return 0;a=(a>>>0)%${unsigned}|0;`;
    case BPF.AND:
      return `a&=${signed};`;
    case BPF.OR:
      return `a|=${signed};`;
    case BPF.XOR:
      return `a^=${signed};`;
    case BPF.LSH:
      return `a=${unsigned}>31?0:a<<${signed};`;
    case BPF.RSH:
      return `a=${unsigned}>31?0:a>>>${signed}|0;`;
    default:
      return "a=-a|0;";
  }
}

function emitCondition(operation: number, k: number | undefined): string {
  const signed = k === undefined ? "x" : number(k | 0);
  const unsigned = k === undefined ? "(x>>>0)" : number(k);
  switch (operation) {
    case BPF.JEQ:
      return `a===${signed}`;
    case BPF.JGT:
      return `(a>>>0)>${unsigned}`;
    case BPF.JGE:
      return `(a>>>0)>=${unsigned}`;
    default:
      return `(a&${signed})!==0`;
  }
}

/** A number as source text; anything else would be code. */
function number(value: number): string {
  if (!Number.isInteger(value)) throw new TypeError(`not an integer: ${value}`);
  return value < 0 ? `(${value})` : String(value);
}
