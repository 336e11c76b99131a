import { formatIPv6, ipv6, parseIPv6 } from "../address.ts";
import { bits, dynamic, type Field, u8, u16, u32 } from "../field.ts";
import { fromHex, toHex } from "../hex.ts";
import { defineLayer } from "../layer.ts";
import { nextNumber, transportChecksum } from "./computed.ts";
import type { TypeAndData } from "./content.ts";
import { IPv6 } from "./ipv6.ts";
import { icmpv6Types } from "./tables.ts";

const names: Readonly<Record<number, string>> = {
  1: "unreachable",
  2: "packet-too-big",
  3: "time-exceeded",
  4: "parameter-problem",
  128: "echo",
  129: "echo-reply",
  130: "mld-query",
  131: "mld-report",
  132: "mld-done",
  133: "router-solicitation",
  134: "router-advertisement",
  135: "neighbor-solicitation",
  136: "neighbor-advertisement",
  137: "redirect",
  143: "mldv2-report",
};

/** Internet Control Message Protocol for IPv6 (RFC 4443); what a type has beyond these fields is the next layer. */
export const ICMPv6 = defineLayer({
  name: "ICMPv6",
  fields: {
    type: u8({ ...nextNumber(icmpv6Types, { names }), default: 128, suggested: true }),
    code: u8(),
    checksum: u16({ hex: true, auto: transportChecksum(58) }),
  },
  next: (b, o) => icmpv6Types.get(b[o]!),
  summary: (view) => names[view.type] ?? `type ${view.type}`,
});

/** Body of an echo request or reply. */
export const ICMPv6Echo = defineLayer({
  name: "ICMPv6Echo",
  fields: { id: u16(), sequence: u16() },
  summary: (view) => `id=${view.id} seq=${view.sequence}`,
});

/** Body of an error: the quoted packet follows. `value` is the MTU, the pointer, or unused. */
export const ICMPv6Error = defineLayer({
  name: "ICMPv6Error",
  fields: { value: u32() },
  next: (_b, _o, payload, end) => (end - payload >= 40 ? IPv6 : undefined),
});

/** Options of neighbour discovery (RFC 4861 section 4.6), sizes in units of eight bytes. */
function ndOptions(): Field<TypeAndData[], readonly TypeAndData[]> {
  return dynamic<TypeAndData[], readonly TypeAndData[]>({
    read(b, at, end) {
      const options: TypeAndData[] = [];
      while (end - at >= 2) {
        const length = b[at + 1]! * 8;
        // RFC 4861 section 4.6: an option of length zero makes the packet one to discard.
        if (length === 0 || length > end - at) break;
        options.push({ type: b[at]!, data: toHex(b, at + 2, at + length) });
        at += length;
      }
      return options;
    },
    write(out, options = []) {
      for (const { type, data } of options) {
        const bytes = fromHex(data);
        const units = Math.ceil((bytes.length + 2) / 8);
        out.u8(type);
        out.u8(units);
        out.put(bytes);
        out.fill(units * 8 - bytes.length - 2);
      }
    },
  });
}

/** Body of a router solicitation (RFC 4861 section 4.1). */
export const RouterSolicitation = defineLayer({
  name: "RouterSolicitation",
  fields: { reserved: u32(), options: ndOptions() },
});

/** Body of a router advertisement (RFC 4861 section 4.2). */
export const RouterAdvertisement = defineLayer({
  name: "RouterAdvertisement",
  fields: {
    hopLimit: u8(),
    flags: u8({ hex: true }),
    lifetime: u16(),
    reachableTime: u32(),
    retransmitTimer: u32(),
    options: ndOptions(),
  },
});

/** Body of a neighbour solicitation (RFC 4861 section 4.3). */
export const NeighborSolicitation = defineLayer({
  name: "NeighborSolicitation",
  fields: { reserved: u32(), target: ipv6(), options: ndOptions() },
  summary: (view) => `who has ${view.target}?`,
});

/** Body of a neighbour advertisement (RFC 4861 section 4.4). */
export const NeighborAdvertisement = defineLayer({
  name: "NeighborAdvertisement",
  fields: {
    router: bits(1),
    solicited: bits(1),
    override: bits(1),
    reserved: bits(29),
    target: ipv6(),
    options: ndOptions(),
  },
  summary: (view) => `target ${view.target}`,
});

/** Body of a redirect (RFC 4861 section 4.5). */
export const NDRedirect = defineLayer({
  name: "NDRedirect",
  fields: { reserved: u32(), target: ipv6(), destination: ipv6(), options: ndOptions() },
});

/** Body of a multicast listener query, report or done message (RFC 2710, RFC 3810); `rest` is version 2's part. */
export const MLD = defineLayer({
  name: "MLD",
  fields: { maxDelay: u16(), reserved: u16(), group: ipv6() },
  summary: (view) => `group ${view.group}`,
});

/** One record of a version 2 report: what a listener wants of a group. */
export interface MLDRecord {
  readonly type: number;
  readonly group: string;
  readonly sources: readonly string[];
  /** Hexadecimal auxiliary data. */
  readonly auxiliary?: string;
}

/** Body of a version 2 multicast listener report (RFC 3810 section 5.2). */
export const MLDv2Report = defineLayer({
  name: "MLDv2Report",
  fields: {
    reserved: u16(),
    count: u16({ auto: ({ values }) => ((values.records as unknown[] | undefined) ?? []).length }),
    records: dynamic<MLDRecord[], readonly MLDRecord[]>({
      read(b, at, end) {
        const records: MLDRecord[] = [];
        while (end - at >= 20) {
          const auxiliary = b[at + 1]! * 4;
          const count = (b[at + 2]! << 8) | b[at + 3]!;
          if (20 + count * 16 + auxiliary > end - at) break;
          const sources = Array.from({ length: count }, (_, i) => formatIPv6(b, at + 20 + i * 16));
          const from = at + 20 + count * 16;
          const extra = auxiliary > 0 ? { auxiliary: toHex(b, from, from + auxiliary) } : {};
          records.push({ type: b[at]!, group: formatIPv6(b, at + 4), sources, ...extra });
          at = from + auxiliary;
        }
        return records;
      },
      write(out, records = []) {
        for (const { type, group, sources, auxiliary } of records) {
          const extra = fromHex(auxiliary ?? "");
          out.u8(type);
          out.u8(extra.length / 4);
          out.u16(sources.length);
          out.put(parseIPv6(group));
          for (const source of sources) out.put(parseIPv6(source));
          out.put(extra);
        }
      },
    }),
  },
});
