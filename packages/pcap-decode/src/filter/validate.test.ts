import { describe, expect, it } from "vitest";
import { compileFilter } from "./filter.ts";
import { ANCILLARY_OFFSET, BPF, type Instruction } from "./instruction.ts";
import { validateProgram } from "./validate.ts";

const item = (code: number, k = 0, jt = 0, jf = 0): Instruction => ({ code, jt, jf, k });
const accept = item(BPF.RET | BPF.K, 1);
const load = item(BPF.LD | BPF.W | BPF.IMM, 1);

describe("validateProgram", () => {
  it.each(["tcp port 80", "vlan and ip6", "tcp[((tcp[12] & 0xf0) >> 2):4] = 5", ""])("takes %s", (expression) => {
    expect(compileFilter(expression).validate()).toEqual([]);
    expect(compileFilter(expression, { optimise: false, linuxExtensions: true }).validate()).toEqual([]);
  });

  it.each<[string, Instruction[], number | undefined, string]>([
    ["nothing", [], undefined, "empty"],
    ["too much", new Array<Instruction>(4097).fill(accept), undefined, "at most 4096"],
    ["no end", [load], 0, "not a return"],
    ["an unknown code", [item(0xff), accept], 0, "unknown operation 0xff"],
    ["division by zero", [item(BPF.ALU | BPF.DIV | BPF.K), accept], 0, "zero"],
    ["a long shift", [item(BPF.ALU | BPF.LSH | BPF.K, 32), accept], 0, "at most 31"],
    ["a jump over the end", [item(BPF.JMP | BPF.JEQ | BPF.K, 0, 0, 1), accept], 0, "leaves"],
    ["a jump backwards", [load, item(BPF.JMP | BPF.JA, 0xfffffffe), accept], 1, "backwards"],
    ["a scratch word that is not there", [item(BPF.ST, 16), accept], 0, "no scratch word 16"],
    ["an unknown ancillary field", [item(BPF.LD | BPF.W | BPF.ABS, ANCILLARY_OFFSET + 100), accept], 0, "ancillary"],
    ["a read before a write", [item(BPF.LD | BPF.MEM, 2), accept], 0, "M[2] is read before it is written"],
    [
      "a read that one way writes",
      [item(BPF.JMP | BPF.JEQ | BPF.K, 0, 1, 0), item(BPF.ST, 2), item(BPF.LD | BPF.MEM, 2), accept],
      2,
      "M[2] is read before it is written",
    ],
  ])("refuses %s", (_what, program, instruction, message) => {
    const [problem] = validateProgram(program);
    expect(problem?.instruction).toBe(instruction);
    expect(problem?.message).toContain(message);
  });

  it("refuses the loop of protochain", () => {
    expect(compileFilter("ip protochain 6").validate()).not.toEqual([]);
  });
});
