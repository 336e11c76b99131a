import { FilterError } from "../filter-error.ts";
import { SCRATCH_WORDS } from "../instruction.ts";
import { LINK_LAYOUTS, type LinkTypeName } from "../link-type.ts";
import type { FilterNames } from "../names.ts";

/** An offset into a packet: a constant, and for variable ones a scratch word that the program adds to it. */
export interface Offset {
  readonly constant: number;
  readonly variable: boolean;
  /** Scratch word, allocated at the first use. */
  register: number | undefined;
}

/** Numbers of address families in NULL, LOOP, ENC and PFLOG frames: those of the host that wrote them. */
export interface HostConvention {
  readonly inet: number;
  readonly inet6: number;
  readonly bigEndian: boolean;
  /** IP protocol number of IGRP. */
  readonly igrp: number;
}

export const LINUX: HostConvention = { inet: 2, inet6: 10, bigEndian: false, igrp: 9 };

/** What a filter is compiled for. */
export interface GenerateOptions {
  readonly linkType: LinkTypeName | number;
  readonly netmask: number;
  readonly names: FilterNames;
  readonly linuxExtensions: boolean;
  /** Whether packets come from a file, which another system may have written. */
  readonly source: "live" | "file";
  readonly host: HostConvention;
  /** Whether `ip multicast` is all of 224.0.0.0 and above, as in libpcap 1.10. */
  readonly wideMulticast: boolean;
}

/** What `vlan`, `mpls`, `pppoes`, `geneve` and `vxlan` change for everything to their right. */
export interface GenerateState {
  readonly options: GenerateOptions;
  readonly expression: string;
  /** Position that an error is reported at. */
  column: number;
  linkType: LinkTypeName | number;
  previousLinkType: LinkTypeName | number | undefined;
  header: Offset;
  previousHeader: Offset;
  type: Offset | undefined;
  payload: Offset;
  /** Network layer in the payload. */
  network: number;
  networkNoSnap: number;
  vlanDepth: number;
  mplsDepth: number;
  /** Inside GENEVE or VXLAN. */
  encapsulated: boolean;
  /** Inside GENEVE, where an Ethernet header may be missing. */
  geneve: boolean;
  /** Whether the program needs offsets that VLAN tags in metadata change. */
  vlanOffsets: boolean;
  /** Jumps inside blocks that the optimiser does not understand. */
  optimisable: boolean;
  /** Scratch words that hold something now, and those that ever did. */
  readonly used: boolean[];
  readonly touched: boolean[];
  nextRegister: number;
}

export function createState(expression: string, options: GenerateOptions): GenerateState {
  const layout = typeof options.linkType === "number" ? {} : (LINK_LAYOUTS[options.linkType] ?? {});
  const header = offset(layout.header ?? 0, layout.variable === "header");
  return {
    options,
    expression,
    column: 1,
    linkType: options.linkType,
    previousLinkType: undefined,
    header,
    previousHeader: offset(0),
    type:
      layout.type === undefined
        ? undefined
        : offset(layout.type, layout.variable !== undefined && layout.network === 8),
    payload: offset(layout.payload ?? 0, layout.variable !== undefined),
    network: layout.network ?? 0,
    networkNoSnap: layout.networkNoSnap ?? 0,
    vlanDepth: 0,
    mplsDepth: 0,
    encapsulated: false,
    geneve: false,
    vlanOffsets: false,
    // The length of a Prism header is computed by a jump inside a block.
    optimisable: options.linkType !== "PRISM_HEADER",
    used: new Array<boolean>(SCRATCH_WORDS).fill(false),
    touched: new Array<boolean>(SCRATCH_WORDS).fill(false),
    nextRegister: 0,
  };
}

export function offset(constant: number, variable = false, register?: number): Offset {
  return { constant, variable, register };
}

/** A free scratch word. Throws when an expression needs more than there are. */
export function allocate(state: GenerateState): number {
  for (let tries = 0; tries < SCRATCH_WORDS; tries++) {
    if (!state.used[state.nextRegister]) {
      state.used[state.nextRegister] = true;
      state.touched[state.nextRegister] = true;
      return state.nextRegister;
    }
    state.nextRegister = (state.nextRegister + 1) % SCRATCH_WORDS;
  }
  return fail(state, "out of registers needed to evaluate expression");
}

/**
 * A scratch word for an offset that the program computes before everything else. It must not be one that an earlier
 * expression has used, though it is free again: that expression runs after the offset has been stored.
 */
export function allocateOffset(state: GenerateState): number {
  for (let distance = 0; distance < SCRATCH_WORDS; distance++) {
    const register = (state.nextRegister + distance) % SCRATCH_WORDS;
    if (state.touched[register]) continue;
    state.nextRegister = register;
    return allocate(state);
  }
  return fail(state, "out of registers needed to evaluate expression");
}

export function release(state: GenerateState, register: number): void {
  state.used[register] = false;
}

/** Throws a FilterError at the word that is being compiled. */
export function fail(state: GenerateState, message: string): never {
  throw new FilterError(message, state.expression, state.column);
}

/** Throws when a number is too large for its field. */
export function assertAtMost(state: GenerateState, what: string, value: number, maximum: number): void {
  if (value > maximum) fail(state, `${what} ${value} greater than maximum ${maximum}`);
}
