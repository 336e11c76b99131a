import { internetChecksum } from "../build/checksum.ts";
import { bits, dynamic, u16 } from "../field.ts";
import { defineLayer, type LayerType } from "../layer.ts";
import { nextNumber } from "./computed.ts";
import { optionalNumber } from "./content.ts";
import { Ethernet } from "./ethernet.ts";
import { etherTypeNames, etherTypes } from "./tables.ts";

const ERSPAN_TYPE_12 = 0x88be;

const given =
  (name: string) =>
  ({ values }: { values: Readonly<Record<string, unknown>> }) =>
    values[name] === undefined ? 0 : 1;

/** The checksum and the routing offset that shares its word (RFC 1701); the offset is 0 today. */
export interface GREChecksum {
  readonly value: number;
  readonly offset: number;
}

/**
 * Generic Routing Encapsulation (RFC 2784, RFC 2890) and PPTP's version 1 (RFC 2637), whose `key` is length and
 * call. Building computes the checksum for `checksum: true`.
 */
export const GRE = defineLayer({
  name: "GRE",
  fields: {
    checksumPresent: bits(1, { auto: given("checksum") }),
    routingPresent: bits(1),
    keyPresent: bits(1, { auto: given("key") }),
    sequencePresent: bits(1, { auto: given("sequence") }),
    strictSourceRoute: bits(1),
    recursion: bits(3),
    acknowledgePresent: bits(1, { auto: given("acknowledge") }),
    flags: bits(4),
    version: bits(3),
    protocol: u16(nextNumber(etherTypes, { names: etherTypeNames, hex: true })),
    checksum: dynamic<GREChecksum | undefined, GREChecksum | true>({
      size: (b, _at, _end, start) => ((b[start]! & 0xc0) !== 0 ? 4 : 0),
      read: (b, at, end) =>
        end - at < 4 ? undefined : { value: (b[at]! << 8) | b[at + 1]!, offset: (b[at + 2]! << 8) | b[at + 3]! },
      write(out, checksum) {
        out.u16(checksum === true ? 0 : checksum.value);
        out.u16(checksum === true ? 0 : checksum.offset);
      },
    }),
    key: optionalNumber(4, (b, o) => (b[o]! & 0x20) !== 0),
    sequence: optionalNumber(4, (b, o) => (b[o]! & 0x10) !== 0),
    acknowledge: optionalNumber(4, (b, o) => (b[o + 1]! & 0x80) !== 0),
  },
  headerLength: (b, o) => {
    const flags = b[o]!;
    return 4 + (flags & 0xc0 ? 4 : 0) + (flags & 0x20 ? 4 : 0) + (flags & 0x10 ? 4 : 0) + (b[o + 1]! & 0x80 ? 4 : 0);
  },
  next(b, o): LayerType | undefined {
    // A list of source routes would follow (RFC 1701); no one sends it any more.
    if (b[o]! & 0x40) return undefined;
    const type = (b[o + 2]! << 8) | b[o + 3]!;
    // ERSPAN type I has no header of its own and is told by the missing sequence number.
    return type === ERSPAN_TYPE_12 && (b[o]! & 0x10) === 0 ? Ethernet : etherTypes.get(type);
  },
  finish({ buffer, offset, end, values }) {
    if ((buffer[offset]! & 0x80) === 0 || values.checksum !== true) return;
    const sum = internetChecksum(buffer, offset, end);
    buffer[offset + 4] = sum >> 8;
    buffer[offset + 5] = sum;
  },
});
