import { compileFilter } from "../filter/filter.ts";
import { BPF, classOf, type Instruction, modeOf } from "../filter/instruction.ts";
import type { LinkTypeName } from "../filter/link-type.ts";
import type { FilterNames } from "../filter/names.ts";
import type { PacketFilter } from "../packet-filter.ts";
import { COOKED_HEADER } from "./cooked.ts";

/** A filter for packets of one interface. */
export interface KernelFilter {
  /** The program for SO_ATTACH_FILTER. */
  readonly program: Uint8Array;
  /** What the kernel cannot decide is decided here, over the packet as it is given out. */
  readonly rest: PacketFilter | undefined;
}

/** What it is compiled for. */
export interface KernelFilterOptions {
  readonly linkType: number;
  readonly cooked: boolean;
  readonly snaplen: number;
  readonly netmask?: string | number | undefined;
  readonly resolve?: FilterNames | undefined;
}

/** struct sock_filter { u16 code; u8 jt, jf; u32 k } */
const INSTRUCTION = 8;

/* Negative offsets mean what the kernel knows beside the bytes (linux/filter.h). */
const SKF_AD_OFF = -0x1000;
const SKF_AD_PROTOCOL = SKF_AD_OFF + 0;
const SKF_AD_PKTTYPE = SKF_AD_OFF + 4;
const SKF_AD_IFINDEX = SKF_AD_OFF + 8;
const SKF_AD_HATYPE = SKF_AD_OFF + 28;

/** Fields of the cooked header that the kernel has too, by their offset in it. */
const known: ReadonlyMap<number, number> = new Map([
  [0, SKF_AD_PROTOCOL],
  [4, SKF_AD_IFINDEX],
  [8, SKF_AD_HATYPE],
  [10, SKF_AD_PKTTYPE],
]);

/** Compiles an expression; the empty one accepts everything. Throws FilterError and FilterSyntaxError. */
export function kernelFilter(expression: string, options: KernelFilterOptions): KernelFilter {
  const { linkType, cooked, snaplen, netmask, resolve } = options;
  const common = {
    linkType: linkType as number | LinkTypeName,
    snaplen,
    savefile: false,
    ...(netmask === undefined ? {} : { netmask }),
    ...(resolve === undefined ? {} : { resolve }),
  };
  const filter = compileFilter(expression, { ...common, linuxExtensions: true });
  const instructions = cooked ? uncook(filter.instructions) : filter.instructions;
  if (instructions !== undefined && filter.validate().length === 0) {
    return { program: encodeProgram(instructions), rest: undefined };
  }
  // The kernel takes no such program: it hands everything over, and the expression is read here.
  return { program: acceptAll(snaplen), rest: compileFilter(expression, common) };
}

/** A program that lets every packet pass, cut to `snaplen`. */
function acceptAll(snaplen: number): Uint8Array {
  return encodeProgram([{ code: BPF.RET | BPF.K, jt: 0, jf: 0, k: snaplen }]);
}

/**
 * The same program for packets without their cooked header, as a socket of SOCK_DGRAM sees them; undefined where it
 * reads what only the header has. After libpcap's fix_program.
 */
function uncook(instructions: readonly Instruction[]): Instruction[] | undefined {
  const moved: Instruction[] = [];
  for (const instruction of instructions) {
    const { code, k } = instruction;
    const kind = classOf(code);
    const mode = modeOf(code);
    const loads = kind === BPF.LD || kind === BPF.LDX;
    if (kind === BPF.RET && (code & BPF.A) === 0 && k > 0) {
      moved.push({ ...instruction, k: Math.max(1, k - COOKED_HEADER) });
    } else if (loads && mode === BPF.LEN) {
      return undefined;
    } else if (loads && (mode === BPF.ABS || mode === BPF.IND || mode === BPF.MSH) && k < 0x80000000) {
      const offset = k >= COOKED_HEADER ? k - COOKED_HEADER : mode === BPF.ABS ? known.get(k) : undefined;
      if (offset === undefined) return undefined;
      moved.push({ ...instruction, k: offset >>> 0 });
    } else {
      moved.push(instruction);
    }
  }
  return moved;
}

function encodeProgram(instructions: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(instructions.length * INSTRUCTION);
  const view = new DataView(bytes.buffer);
  for (const [i, { code, jt, jf, k }] of instructions.entries()) {
    view.setUint16(i * INSTRUCTION, code, true);
    view.setUint8(i * INSTRUCTION + 2, jt);
    view.setUint8(i * INSTRUCTION + 3, jf);
    view.setUint32(i * INSTRUCTION + 4, k, true);
  }
  return bytes;
}
