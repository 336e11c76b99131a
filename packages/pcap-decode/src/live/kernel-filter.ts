import { compileFilter, type FilterOptions } from "../filter/filter.ts";
import { FilterError } from "../filter/filter-error.ts";
import { ANCILLARY, ANCILLARY_OFFSET, BPF, classOf, type Instruction, modeOf, sizeOf } from "../filter/instruction.ts";
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

/** SKF_AD_HATYPE of linux/filter.h: the hardware type, beside the fields that filters use by themselves. */
const HARDWARE_TYPE = 28;

/** Fields of the cooked header that the kernel has too: by their offset in it, how they are loaded, and what it calls them. */
const known: ReadonlyMap<number, readonly [size: number, field: number]> = new Map([
  [0, [BPF.H, ANCILLARY.protocol]],
  [4, [BPF.W, ANCILLARY.interfaceIndex]],
  [8, [BPF.H, HARDWARE_TYPE]],
  [10, [BPF.B, ANCILLARY.packetType]],
]);

/** Compiles an expression; the empty one accepts everything. Throws FilterError and FilterSyntaxError. */
export function kernelFilter(expression: string, options: KernelFilterOptions): KernelFilter {
  const { cooked, snaplen } = options;
  const common = filterOptions(options);
  const filter = compileFilter(expression, { ...common, linuxExtensions: true });
  const instructions = cooked ? uncook(filter.instructions) : filter.instructions;
  if (instructions !== undefined && filter.validate().length === 0) {
    return { program: encodeProgram(instructions), rest: undefined };
  }
  // The kernel takes no such program: it hands everything over, and the expression is read here.
  return { program: acceptAll(snaplen), rest: compileFilter(expression, common) };
}

/** The same decision over packets as they are given out; undefined where their bytes do not tell, as for `outbound`. */
export function packetFilter(expression: string, options: KernelFilterOptions): PacketFilter | undefined {
  try {
    return compileFilter(expression, filterOptions(options));
  } catch (error) {
    if (error instanceof FilterError) return undefined;
    throw error;
  }
}

function filterOptions({ linkType, snaplen, netmask, resolve }: KernelFilterOptions): FilterOptions {
  return {
    linkType: linkType as number | LinkTypeName,
    snaplen,
    savefile: false,
    ...(netmask === undefined ? {} : { netmask }),
    ...(resolve === undefined ? {} : { resolve }),
  };
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
    } else if (loads && (mode === BPF.ABS || mode === BPF.IND || mode === BPF.MSH) && k < ANCILLARY_OFFSET) {
      const offset = k >= COOKED_HEADER ? k - COOKED_HEADER : fieldOf(mode, sizeOf(code), k);
      if (offset === undefined) return undefined;
      moved.push({ ...instruction, k: offset });
    } else {
      moved.push(instruction);
    }
  }
  return moved;
}

/** The kernel's offset for a load of a whole field of the cooked header; undefined for another. */
function fieldOf(mode: number, size: number, k: number): number | undefined {
  const [whole, field] = known.get(k) ?? [];
  return mode === BPF.ABS && size === whole ? ANCILLARY_OFFSET + field! : undefined;
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
