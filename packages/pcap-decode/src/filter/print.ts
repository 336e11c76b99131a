import {
  ANCILLARY,
  ANCILLARY_OFFSET,
  BPF,
  classOf,
  type Instruction,
  modeOf,
  operationOf,
  sizeOf,
  sourceOf,
} from "./instruction.ts";

const OPERATIONS: Record<number, string> = {
  [BPF.ADD]: "add",
  [BPF.SUB]: "sub",
  [BPF.MUL]: "mul",
  [BPF.DIV]: "div",
  [BPF.OR]: "or",
  [BPF.AND]: "and",
  [BPF.LSH]: "lsh",
  [BPF.RSH]: "rsh",
  [BPF.MOD]: "mod",
  [BPF.XOR]: "xor",
};

const JUMPS: Record<number, string> = { [BPF.JEQ]: "jeq", [BPF.JGT]: "jgt", [BPF.JGE]: "jge", [BPF.JSET]: "jset" };

const ANCILLARY_NAMES = new Map<number, string>([
  [ANCILLARY.protocol, "proto"],
  [ANCILLARY.packetType, "type"],
  [ANCILLARY.interfaceIndex, "ifidx"],
  [12, "nla"],
  [16, "nlan"],
  [20, "mark"],
  [24, "queue"],
  [28, "hatype"],
  [32, "rxhash"],
  [36, "cpu"],
  [ANCILLARY.vlanTag, "vlan_tci"],
  [ANCILLARY.vlanTagPresent, "vlanp"],
  [52, "payload_offset"],
  [56, "random"],
  [60, "vlan_proto"],
]);

/** The program as `tcpdump -d` prints it, one instruction a line, without a newline at the end. */
export function printProgram(program: readonly Instruction[]): string {
  return program.map((instruction, index) => printInstruction(instruction, index)).join("\n");
}

/** One line of `tcpdump -d`. */
export function printInstruction(instruction: Instruction, index: number): string {
  const [name, operand] = describe(instruction, index);
  const start = `(${String(index).padStart(3, "0")}) `;
  if (classOf(instruction.code) === BPF.JMP && operationOf(instruction.code) !== BPF.JA) {
    const yes = index + 1 + instruction.jt;
    const no = index + 1 + instruction.jf;
    return `${start}${name.padEnd(8)} ${operand.padEnd(16)} jt ${yes}\tjf ${no}`;
  }
  return operand === "" ? start + name : `${start}${name.padEnd(8)} ${operand}`;
}

function describe({ code, k }: Instruction, index: number): [string, string] {
  switch (classOf(code)) {
    case BPF.LD:
      return [`ld${suffix(code)}`, loadOperand(code, k)];
    case BPF.LDX:
      if (modeOf(code) === BPF.MSH) return ["ldxb", `4*([${k | 0}]&0xf)`];
      return [`ldx${suffix(code)}`, loadOperand(code, k)];
    case BPF.ST:
      return ["st", `M[${k}]`];
    case BPF.STX:
      return ["stx", `M[${k}]`];
    case BPF.RET:
      return ["ret", code & BPF.A ? "" : `#${k | 0}`];
    case BPF.MISC:
      return [code & BPF.TXA ? "txa" : "tax", ""];
    case BPF.JMP: {
      if (operationOf(code) === BPF.JA) return ["ja", String(index + 1 + (k | 0))];
      const name = JUMPS[operationOf(code)];
      return name === undefined ? unknown(code) : [name, sourceOf(code) === BPF.X ? "x" : hex(k)];
    }
    default: {
      if (operationOf(code) === BPF.NEG) return ["neg", ""];
      const name = OPERATIONS[operationOf(code)];
      if (name === undefined) return unknown(code);
      if (sourceOf(code) === BPF.X) return [name, "x"];
      const bits = name === "and" || name === "or" || name === "xor";
      return [name, bits ? hex(k) : `#${k | 0}`];
    }
  }
}

function loadOperand(code: number, k: number): string {
  switch (modeOf(code)) {
    case BPF.IMM:
      return hex(k);
    case BPF.ABS:
      return `[${(k >= ANCILLARY_OFFSET && ANCILLARY_NAMES.get(k - ANCILLARY_OFFSET)) || k | 0}]`;
    case BPF.IND:
      return `[x + ${k | 0}]`;
    case BPF.MEM:
      return `M[${k}]`;
    case BPF.LEN:
      return "#pktlen";
    default:
      return hex(k);
  }
}

function suffix(code: number): string {
  return sizeOf(code) === BPF.B ? "b" : sizeOf(code) === BPF.H ? "h" : "";
}

function unknown(code: number): [string, string] {
  return ["unimp", hex(code)];
}

function hex(value: number): string {
  return `#0x${(value >>> 0).toString(16)}`;
}
