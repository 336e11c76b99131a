import { internetChecksum } from "../build/checksum.ts";
import type { BuildContext } from "../build/context.ts";
import type { NumberOptions } from "../field.ts";
import type { NextTable } from "../next-table.ts";

/** A number that announces the next layer, looked up in `table`; `options` as for any number. */
export function nextNumber(table: NextTable, options: NumberOptions = {}): NumberOptions {
  return {
    ...options,
    needsNext: true,
    auto: ({ next }) => table.keyOf(next),
    announces: (value, next) => table.get(value as number) === next,
  };
}

/** Bytes of header and payload. */
export function totalLength({ offset, end }: BuildContext): number {
  return end - offset;
}

/** Bytes of payload. */
export function payloadLength({ offset, headerLength, end }: BuildContext): number {
  return end - offset - headerLength;
}

/** The Internet checksum over header and payload, without a pseudo-header. */
export function wholeChecksum({ buffer, offset, end }: BuildContext): number {
  return internetChecksum(buffer, offset, end);
}

/** The Internet checksum over pseudo-header, header and payload of an upper-layer `protocol`. */
export function transportChecksum(protocol: number): (context: BuildContext) => number {
  return (context) => {
    const { buffer, offset, end } = context;
    return internetChecksum(buffer, offset, end, context.pseudoHeader(protocol, end - offset));
  };
}
