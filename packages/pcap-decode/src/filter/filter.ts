import { parseDotted } from "./address.ts";
import { assemble } from "./assemble.ts";
import { compileToJavaScript } from "./compile-js.ts";
import { FilterError } from "./filter-error.ts";
import { type HostConvention, LINUX } from "./generate/state.ts";
import { generate } from "./generate.ts";
import type { Instruction } from "./instruction.ts";
import { interpreter } from "./interpret.ts";
import { findLinkType, type LinkTypeName } from "./link-type.ts";
import type { FilterNames } from "./names.ts";
import { ImpossibleOperation, optimise } from "./optimise.ts";
import { parse } from "./parser.ts";
import { printProgram } from "./print.ts";
import { type ValidationProblem, validateProgram } from "./validate.ts";

/** What a filter is compiled for. */
export interface FilterOptions {
  /** LINKTYPE_ number or name (pcap-linktype(7)), for example 1, `"ETHERNET"` or `"EN10MB"`. Default: Ethernet. */
  readonly linkType?: number | LinkTypeName;
  /**
   * IPv4 netmask of the network that was captured on, dotted or as a number: what `ip broadcast` needs. Default:
   * 0.0.0.0; 255.255.255.255 is "not known", which makes `ip broadcast` an error.
   */
  readonly netmask?: string | number;
  /** Bytes that the program returns for a packet it accepts. Default: 262144. */
  readonly snaplen?: number;
  /** Where host, network and service names come from. Default: services and protocols of a built-in table only. */
  readonly resolve?: FilterNames;
  /**
   * Read what Linux knows beside a packet's bytes: `inbound`, `ifindex` and VLAN tags that the kernel took out of the
   * frame. For filters that are attached to a socket; there is no such data in a file. Default: false.
   */
  readonly linuxExtensions?: boolean;
  /** Whether packets come from a file, where NULL, ENC and PFLOG frames may be of any system. Default: true. */
  readonly savefile?: boolean;
  /**
   * Release of libpcap to agree with where two of them disagree about IP packets: 1.10 counts reserved addresses and
   * the broadcast address (240.0.0.0 to 255.255.255.255) as `ip multicast`, 1.11 only class D (RFC 1112). Default:
   * `"1.11"`.
   */
  readonly libpcap?: "1.10" | "1.11";
  /** Whether to optimise, like `tcpdump` without `-O`. Default: true. */
  readonly optimise?: boolean;
}

/** A compiled filter. */
export interface Filter {
  /** The expression that was compiled. */
  readonly expression: string;
  /** The program in classic BPF, as `SO_ATTACH_FILTER` takes it. */
  readonly instructions: readonly Instruction[];
  /**
   * Whether the filter accepts a packet: `captured` bytes at `offset` in `buffer`, `original` bytes on the wire.
   * Defaults: from the start to the end of the buffer, nothing cut off.
   */
  readonly match: (buffer: Uint8Array, offset?: number, captured?: number, original?: number) => boolean;
  /** Like `match`, but gives what the program returns: how many bytes to keep, 0 to drop the packet. */
  readonly run: (buffer: Uint8Array, offset?: number, captured?: number, original?: number) => number;
  /** What the Linux kernel would find wrong with the program; empty when it takes it. */
  readonly validate: () => ValidationProblem[];
  /** The program as `tcpdump -d` prints it. */
  readonly toString: () => string;
}

const DEFAULT_SNAPLEN = 262_144;
const MAX_SNAPLEN = 0xffffffff;

/** Options for tests of other systems' constants. */
interface CompileOptions extends FilterOptions {
  readonly host?: HostConvention;
}

/**
 * Compiles an expression of pcap-filter(7). The language, and nearly always the program, is that of libpcap 1.11; the
 * empty expression accepts everything.
 *
 * Throws FilterSyntaxError at the column where the grammar ends, FilterError for what has no program: a name that does
 * not resolve, a number out of range, a test that the link type does not have, an expression that no packet can
 * satisfy. Throws TypeError or RangeError for options that are not usable.
 */
export function compileFilter(expression: string, options: FilterOptions = {}): Filter {
  return createFilter(expression, compileProgram(expression, options));
}

/** The program of an expression. */
export function compileProgram(expression: string, options: CompileOptions = {}): readonly Instruction[] {
  if (typeof expression !== "string") {
    throw new TypeError(`expression must be a string, got ${typeof expression}`);
  }
  const snaplen = checkSnaplen(options.snaplen);
  const { root, optimisable } = generate(parse(expression), expression, snaplen, {
    linkType: checkLinkType(options.linkType),
    netmask: checkNetmask(options.netmask),
    names: options.resolve ?? {},
    linuxExtensions: options.linuxExtensions ?? false,
    source: (options.savefile ?? true) ? "file" : "live",
    host: options.host ?? LINUX,
    wideMulticast: checkRelease(options.libpcap) === "1.10",
  });
  if (!optimisable || options.optimise === false) return assemble(root);
  try {
    const program = assemble(optimise(root));
    if (program.length === 1 && program[0]!.k === 0) {
      throw new FilterError("expression rejects all packets", expression);
    }
    return program;
  } catch (error) {
    if (error instanceof ImpossibleOperation) throw new FilterError(error.message, expression);
    throw error;
  }
}

function createFilter(expression: string, instructions: readonly Instruction[]): Filter {
  const program = compileToJavaScript(instructions) ?? interpreter(instructions);
  return {
    expression,
    instructions,
    match: (buffer, offset = 0, captured = buffer.length - offset, original = captured) =>
      program(buffer, offset, captured, original) !== 0,
    run: (buffer, offset = 0, captured = buffer.length - offset, original = captured) =>
      program(buffer, offset, captured, original),
    validate: () => validateProgram(instructions),
    toString: () => printProgram(instructions),
  };
}

function checkLinkType(linkType: number | string = "ETHERNET"): LinkTypeName | number {
  const found = findLinkType(linkType);
  if (found === undefined) {
    throw new TypeError(`linkType must be a LINKTYPE_ number or a known name, got ${JSON.stringify(linkType)}`);
  }
  return found;
}

function checkRelease(release: string = "1.11"): string {
  if (release === "1.10" || release === "1.11") return release;
  throw new TypeError(`libpcap must be "1.10" or "1.11", got ${JSON.stringify(release)}`);
}

function checkNetmask(netmask: string | number = 0): number {
  if (typeof netmask === "number") {
    if (Number.isInteger(netmask) && netmask >= 0 && netmask <= 0xffffffff) return netmask;
    throw new RangeError(`netmask must be an unsigned 32-bit number, got ${netmask}`);
  }
  const parsed = parseDotted(netmask);
  if (parsed?.bits !== 32) throw new TypeError(`netmask must be like "255.255.255.0", got ${JSON.stringify(netmask)}`);
  return parsed.value;
}

function checkSnaplen(snaplen = DEFAULT_SNAPLEN): number {
  if (!Number.isInteger(snaplen) || snaplen < 1 || snaplen > MAX_SNAPLEN) {
    throw new RangeError(`snaplen must be 1 to ${MAX_SNAPLEN}, got ${snaplen}`);
  }
  return snaplen;
}
