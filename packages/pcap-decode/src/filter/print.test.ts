import { describe, expect, it } from "vitest";
import { compileFilter } from "./filter.ts";
import { BPF } from "./instruction.ts";
import { printInstruction } from "./print.ts";

describe("printProgram", () => {
  it("prints what tcpdump -d prints", () => {
    expect(compileFilter("tcp dst port 80").toString()).toBe(
      [
        "(000) ldh      [12]",
        "(001) jeq      #0x86dd          jt 2\tjf 6",
        "(002) ldb      [20]",
        "(003) jeq      #0x6             jt 4\tjf 15",
        "(004) ldh      [56]",
        "(005) jeq      #0x50            jt 14\tjf 15",
        "(006) jeq      #0x800           jt 7\tjf 15",
        "(007) ldb      [23]",
        "(008) jeq      #0x6             jt 9\tjf 15",
        "(009) ldh      [20]",
        "(010) jset     #0x1fff          jt 15\tjf 11",
        "(011) ldxb     4*([14]&0xf)",
        "(012) ldh      [x + 16]",
        "(013) jeq      #0x50            jt 14\tjf 15",
        "(014) ret      #262144",
        "(015) ret      #0",
      ].join("\n"),
    );
  });

  it.each([
    [BPF.LD | BPF.W | BPF.LEN, 0, "(007) ld       #pktlen"],
    [BPF.LD | BPF.IMM, 255, "(007) ld       #0xff"],
    [BPF.LDX | BPF.MEM, 3, "(007) ldx      M[3]"],
    [BPF.STX, 15, "(007) stx      M[15]"],
    [BPF.ALU | BPF.ADD | BPF.K, 0xfffffffc, "(007) add      #-4"],
    [BPF.ALU | BPF.XOR | BPF.K, 0xfffffffc, "(007) xor      #0xfffffffc"],
    [BPF.ALU | BPF.MOD | BPF.X, 0, "(007) mod      x"],
    [BPF.ALU | BPF.NEG, 0, "(007) neg"],
    [BPF.MISC | BPF.TAX, 0, "(007) tax"],
    [BPF.MISC | BPF.TXA, 0, "(007) txa"],
    [BPF.JMP | BPF.JA, 5, "(007) ja       13"],
    [BPF.RET | BPF.A, 0, "(007) ret"],
    [BPF.LD | BPF.H | BPF.ABS, 0xfffff000 + 44, "(007) ldh      [vlan_tci]"],
    [BPF.LD | BPF.B | BPF.IND, 14, "(007) ldb      [x + 14]"],
    [BPF.ALU | 0xf0, 0, "(007) unimp    #0xf4"],
  ])("prints code 0x%s", (code, k, expected) => {
    expect(printInstruction({ code, jt: 0, jf: 0, k }, 7)).toBe(expected);
  });
});
