import type { Instruction } from "../../src/filter/instruction.ts";

const OPERATIONS: Record<string, number> = {
  add: 0x04,
  sub: 0x14,
  mul: 0x24,
  div: 0x34,
  or: 0x44,
  and: 0x54,
  lsh: 0x64,
  rsh: 0x74,
  mod: 0x94,
  xor: 0xa4,
};
const JUMPS: Record<string, number> = { jeq: 0x15, jgt: 0x25, jge: 0x35, jset: 0x45 };
const LOADS: Record<string, number> = { ld: 0x00, ldh: 0x08, ldb: 0x10, ldx: 0x01 };
const ANCILLARY: Record<string, number> = { type: 4, ifidx: 8, vlan_tci: 44, vlanp: 48 };

/** Reads what `tcpdump -d` prints. */
export function parseProgram(text: string): Instruction[] {
  return text
    .trim()
    .split("\n")
    .map((line) => {
      const [, index, name, rest = ""] = /^\((\d+)\) (\S+)\s*(.*?)\s*$/.exec(line.trimEnd()) ?? [];
      if (index === undefined || name === undefined) throw new Error(`not an instruction: ${line}`);
      return instruction(Number(index), name, rest);
    });
}

function instruction(index: number, name: string, rest: string): Instruction {
  const plain = (code: number, k = 0): Instruction => ({ code, jt: 0, jf: 0, k: k >>> 0 });
  if (name in JUMPS) {
    const [, operand, jt, jf] = /^(\S+)\s+jt (\d+)\s+jf (\d+)$/.exec(rest)!;
    const code = JUMPS[name]! | (operand === "x" ? 0x08 : 0);
    const k = operand === "x" ? 0 : Number(operand!.slice(1));
    return { code, jt: Number(jt) - index - 1, jf: Number(jf) - index - 1, k };
  }
  if (name in OPERATIONS) {
    return rest === "x" ? plain(OPERATIONS[name]! | 0x08) : plain(OPERATIONS[name]!, Number(rest.slice(1)));
  }
  if (name in LOADS) return load(LOADS[name]!, rest, plain);
  switch (name) {
    case "ldxb":
      return plain(0xb1, Number(/\[(\d+)\]/.exec(rest)![1]));
    case "st":
      return plain(0x02, Number(/\d+/.exec(rest)![0]));
    case "stx":
      return plain(0x03, Number(/\d+/.exec(rest)![0]));
    case "tax":
      return plain(0x07);
    case "txa":
      return plain(0x87);
    case "neg":
      return plain(0x84);
    case "ja":
      return plain(0x05, Number(rest) - index - 1);
    case "ret":
      return rest === "" ? plain(0x16) : plain(0x06, Number(rest.slice(1)));
    default:
      throw new Error(`unknown instruction ${name}`);
  }
}

function load(base: number, operand: string, plain: (code: number, k?: number) => Instruction): Instruction {
  if (operand === "#pktlen") return plain(base | 0x80);
  if (operand.startsWith("#")) return plain(base, Number(operand.slice(1)));
  if (operand.startsWith("M[")) return plain(base | 0x60, Number(operand.slice(2, -1)));
  const indirect = /^\[x \+ (-?\d+)\]$/.exec(operand);
  if (indirect !== null) return plain(base | 0x40, Number(indirect[1]));
  const place = operand.slice(1, -1);
  return plain(base | 0x20, place in ANCILLARY ? 0xfffff000 + ANCILLARY[place]! : Number(place));
}
