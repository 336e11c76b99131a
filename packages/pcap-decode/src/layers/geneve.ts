import { bits, dynamic, u8, u16, u24 } from "../field.ts";
import { fromHex, toHex } from "../hex.ts";
import { defineLayer } from "../layer.ts";
import { nextNumber } from "./computed.ts";
import { etherTypeNames, etherTypes } from "./tables.ts";

/** An option (RFC 8926 section 3.5): class, type with its critical bit, data in hexadecimal. */
export interface GeneveOption {
  readonly class: number;
  readonly type: number;
  readonly data: string;
  /** The three reserved bits before the length, when any is set. */
  readonly reserved?: number;
}

/** Generic Network Virtualization Encapsulation (RFC 8926). */
export const GENEVE = defineLayer({
  name: "GENEVE",
  fields: {
    version: bits(2),
    optionsLength: bits(6, { auto: ({ headerLength }) => (headerLength - 8) / 4 }),
    control: bits(1),
    critical: bits(1),
    reserved: bits(6),
    protocol: u16(nextNumber(etherTypes, { names: etherTypeNames, hex: true })),
    vni: u24(),
    reserved2: u8(),
    options: dynamic<GeneveOption[], readonly GeneveOption[]>({
      read(b, at, end) {
        const options: GeneveOption[] = [];
        while (end - at >= 4) {
          const length = (b[at + 3]! & 31) * 4;
          if (length > end - at - 4) break;
          const reserved = b[at + 3]! >> 5;
          options.push({
            class: (b[at]! << 8) | b[at + 1]!,
            type: b[at + 2]!,
            data: toHex(b, at + 4, at + 4 + length),
            ...(reserved === 0 ? {} : { reserved }),
          });
          at += 4 + length;
        }
        return options;
      },
      write(out, options = []) {
        for (const option of options) {
          const data = fromHex(option.data);
          out.u16(option.class);
          out.u8(option.type);
          out.u8(Math.ceil(data.length / 4) | ((option.reserved ?? 0) << 5));
          out.put(data);
          out.align(4);
        }
      },
    }),
  },
  headerLength: (b, o) => 8 + (b[o]! & 63) * 4,
  next: (b, o) => etherTypes.get((b[o + 2]! << 8) | b[o + 3]!),
  summary: (view) => `vni ${view.vni}`,
});
