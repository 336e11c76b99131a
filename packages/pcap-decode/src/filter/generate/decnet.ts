import { and, any, type Test } from "../block.ts";
import { BPF } from "../instruction.ts";
import type { Direction } from "../syntax.ts";
import { ETHER_TYPE } from "./ether-type.ts";
import { inDirection } from "./host.ts";
import { linkProtocol } from "./link.ts";
import { compare } from "./load.ts";
import { fail, type GenerateState } from "./state.ts";

/** A DECnet address, `area.node`, as the two bytes stand in a header (DECnet routing layer, Phase IV). */
export function parseDecnet(state: GenerateState, text: string): number {
  const [, area, node] = /^(\d+)\.(\d+)$/.exec(text) ?? [];
  const value = (Number(area) << 10) | Number(node);
  if (area === undefined || Number(area) > 63 || Number(node) > 1023) {
    return fail(state, `invalid DECnet address '${text}'`);
  }
  return ((value & 0xff) << 8) | (value >> 8);
}

const SHORT = 0x02;
const LONG = 0x06;
const FORMAT = 0x07;
/** A padding byte of this value may precede the header. */
const PADDED = 0x81;

/** A DECnet node in a routing header, short or long, with or without padding. */
export function decnetHost(state: GenerateState, address: number, direction: Direction): Test {
  const link = linkProtocol(state, ETHER_TYPE.decnet);
  return and(
    link,
    inDirection(state, direction, (field) => (field === "src" ? source : destination)(state, address)),
  );
}

function source(state: GenerateState, address: number): Test {
  const header = (padded: boolean, format: number, at: number): Test => {
    const flags = padded
      ? compare(state, "payload", 2, BPF.H, (PADDED << 8) | format, 0xff00 | FORMAT)
      : compare(state, "payload", 2, BPF.B, format, FORMAT);
    return and(flags, compare(state, "payload", at, BPF.H, address));
  };
  return any(header(false, SHORT, 5), header(true, SHORT, 6), header(false, LONG, 17), header(true, LONG, 18));
}

/** The destination of a short header is near enough to its flags to be read with them. */
function destination(state: GenerateState, address: number): Test {
  const short = compare(state, "payload", 2, BPF.W, (SHORT << 24) | (address << 8), 0x07ffff00);
  const padded = compare(state, "payload", 2, BPF.W, (((PADDED << 8) | SHORT) << 16) | address, 0xff07ffff);
  const long = and(compare(state, "payload", 2, BPF.B, LONG, FORMAT), compare(state, "payload", 9, BPF.H, address));
  const paddedLong = and(
    compare(state, "payload", 2, BPF.H, (PADDED << 8) | LONG, 0xff00 | FORMAT),
    compare(state, "payload", 10, BPF.H, address),
  );
  return any(short, padded, long, paddedLong);
}
