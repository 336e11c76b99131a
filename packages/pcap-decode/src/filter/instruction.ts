/** One classic BPF instruction, as the kernel's `struct sock_filter` and the BSD `bpf_insn` have it. */
export interface Instruction {
  /** Operation, an or of the values in {@link BPF}. */
  readonly code: number;
  /** Instructions to skip when a conditional jump is taken, 0 to 255. */
  readonly jt: number;
  /** Instructions to skip when a conditional jump is not taken, 0 to 255. */
  readonly jf: number;
  /** Operand: a constant, packet offset, scratch register or distance, unsigned 32 bits. */
  readonly k: number;
}

/** The fields of an operation code (McCanne and Jacobson, "The BSD Packet Filter", 1993; `linux/bpf_common.h`). */
export const BPF = {
  LD: 0x00,
  LDX: 0x01,
  ST: 0x02,
  STX: 0x03,
  ALU: 0x04,
  JMP: 0x05,
  RET: 0x06,
  MISC: 0x07,
  W: 0x00,
  H: 0x08,
  B: 0x10,
  IMM: 0x00,
  ABS: 0x20,
  IND: 0x40,
  MEM: 0x60,
  LEN: 0x80,
  MSH: 0xa0,
  ADD: 0x00,
  SUB: 0x10,
  MUL: 0x20,
  DIV: 0x30,
  OR: 0x40,
  AND: 0x50,
  LSH: 0x60,
  RSH: 0x70,
  NEG: 0x80,
  MOD: 0x90,
  XOR: 0xa0,
  JA: 0x00,
  JEQ: 0x10,
  JGT: 0x20,
  JGE: 0x30,
  JSET: 0x40,
  K: 0x00,
  X: 0x08,
  A: 0x10,
  TAX: 0x00,
  TXA: 0x80,
} as const;

/** Scratch memory words `M[0]` to `M[15]`. */
export const SCRATCH_WORDS = 16;

/** Longest program that Linux accepts (`BPF_MAXINSNS`). */
export const MAX_INSTRUCTIONS = 4096;

/**
 * Loads at or above this offset read what Linux knows beside the bytes of a packet (`SKF_AD_OFF`, -0x1000 as
 * unsigned).
 */
export const ANCILLARY_OFFSET = 0xfffff000;

/** Distance of each ancillary field from {@link ANCILLARY_OFFSET} and the name that `tcpdump -d` prints for it. */
export const ANCILLARY = {
  protocol: 0,
  packetType: 4,
  interfaceIndex: 8,
  vlanTag: 44,
  vlanTagPresent: 48,
} as const;

/** The class of an operation code, one of LD to MISC. */
export function classOf(code: number): number {
  return code & 0x07;
}

/** Width of a load: W, H or B. */
export function sizeOf(code: number): number {
  return code & 0x18;
}

/** Addressing mode of a load. */
export function modeOf(code: number): number {
  return code & 0xe0;
}

/** Operation of an ALU or JMP code. */
export function operationOf(code: number): number {
  return code & 0xf0;
}

/** Whether the second operand is K (0) or X (8). */
export function sourceOf(code: number): number {
  return code & 0x08;
}

/** Bytes that a load of this code reads. */
export function widthOf(code: number): number {
  return sizeOf(code) === BPF.W ? 4 : sizeOf(code) === BPF.H ? 2 : 1;
}
