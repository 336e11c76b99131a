import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { compileToJavaScript, generateSource } from "./compile-js.ts";
import { compileFilter } from "./filter.ts";
import { BPF, type Instruction } from "./instruction.ts";
import { interpreter } from "./interpret.ts";

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("compileToJavaScript", () => {
  it("nests a block for each jump target and checks the length once", () => {
    expect(generateSource(compileFilter("ip or arp and len > 9").instructions)).toBe(
      [
        '"use strict";let a=0,x=0,i=0;',
        "L3:{",
        "if(c<14)return 0;",
        "a=b[o+12]<<8|b[o+12+1];",
        "if(a===2048)break L3;",
        "if(!(a===2054))return 0;",
        "}",
        "a=w|0;",
        "if(!((a>>>0)>9))return 0;",
        "return 262144;",
        "return 0;",
      ].join("\n"),
    );
  });

  it("computes what the interpreter computes", () => {
    const k = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 0xffffffff }));
    const operation = fc.constantFrom(
      BPF.ADD,
      BPF.SUB,
      BPF.MUL,
      BPF.DIV,
      BPF.MOD,
      BPF.AND,
      BPF.OR,
      BPF.XOR,
      BPF.LSH,
      BPF.RSH,
    );
    const statement = fc.oneof(
      fc.tuple(
        fc.constantFrom(BPF.LD | BPF.W | BPF.ABS, BPF.LD | BPF.H | BPF.ABS, BPF.LD | BPF.B | BPF.ABS),
        fc.nat(30),
      ),
      fc.tuple(fc.constantFrom(BPF.LD | BPF.W | BPF.IND, BPF.LD | BPF.H | BPF.IND, BPF.LD | BPF.B | BPF.IND), k),
      fc.tuple(fc.constantFrom(BPF.LD | BPF.IMM, BPF.LDX | BPF.IMM, BPF.LD | BPF.LEN), k),
      fc.tuple(fc.constantFrom(BPF.LD | BPF.MEM, BPF.LDX | BPF.MEM, BPF.ST, BPF.STX), fc.nat(15)),
      fc.tuple(fc.constant(BPF.LDX | BPF.B | BPF.MSH), fc.nat(30)),
      fc.tuple(fc.constantFrom(BPF.MISC | BPF.TAX, BPF.MISC | BPF.TXA, BPF.ALU | BPF.NEG), fc.constant(0)),
      fc.tuple(
        operation.map((code) => BPF.ALU | code | BPF.X),
        fc.constant(0),
      ),
      fc.tuple(
        operation.map((code) => BPF.ALU | code | BPF.K),
        k,
      ),
    );
    const straight = statement.map(([code, operand]): Instruction => ({ code, jt: 0, jf: 0, k: operand }));
    const jump = fc
      .record({
        code: fc
          .tuple(fc.constantFrom(BPF.JEQ, BPF.JGT, BPF.JGE, BPF.JSET), fc.constantFrom(BPF.K, BPF.X))
          .map(([test, source]) => BPF.JMP | test | source),
        jt: fc.nat(5),
        jf: fc.nat(5),
        k,
      })
      .map((instruction): Instruction => instruction);
    const program = fc
      .array(fc.oneof({ weight: 4, arbitrary: straight }, { weight: 1, arbitrary: jump }), { maxLength: 25 })
      .map((instructions) => [
        ...instructions,
        ...new Array<Instruction>(5).fill({ code: BPF.ALU | BPF.ADD | BPF.K, jt: 0, jf: 0, k: 1 }),
        { code: BPF.RET | BPF.A, jt: 0, jf: 0, k: 0 },
      ]);
    fc.assert(
      fc.property(program, fc.uint8Array({ minLength: 8, maxLength: 48 }), fc.nat(4), (instructions, bytes, offset) => {
        const compiled = compileToJavaScript(instructions)!;
        const captured = bytes.length - offset;
        expect(compiled(bytes, offset, captured, 1500)).toBe(interpreter(instructions)(bytes, offset, captured, 1500));
      }),
      { numRuns: 3000 },
    );
  });

  it("leaves loops and what may not be compiled to the interpreter", () => {
    expect(compileToJavaScript(compileFilter("ip protochain 6").instructions)).toBeUndefined();
    vi.stubGlobal("Function", function refuse() {
      throw new EvalError("Refused to evaluate a string as JavaScript");
    });
    expect(compileToJavaScript(compileFilter("tcp").instructions)).toBeUndefined();
    const packet = new Uint8Array(60);
    packet.set([0x08, 0x00, 0x45], 12);
    packet[23] = 6;
    expect(compileFilter("tcp").match(packet)).toBe(true);
  });

  it("puts nothing but integers into source", () => {
    const forged = { code: BPF.RET | BPF.K, jt: 0, jf: 0, k: "1;process.exit()" as unknown as number };
    expect(() => generateSource([forged])).toThrow(TypeError);
  });
});
