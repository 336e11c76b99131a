import { dynamic } from "../field.ts";
import { fromHex, toHex } from "../hex.ts";
import { defineLayer } from "../layer.ts";
import type { TypeAndData } from "./content.ts";
import { readable } from "./content.ts";

/** Link Layer Discovery Protocol (IEEE 802.1AB): a list of TLVs, closed by type 0. */
export const LLDP = defineLayer({
  name: "LLDP",
  fields: {
    tlvs: dynamic<TypeAndData[], readonly TypeAndData[]>({
      // What follows the closing TLV is padding.
      size: (b, at, end) => tlvEnd(b, at, end) - at,
      read(b, at, end) {
        const tlvs: TypeAndData[] = [];
        while (end - at >= 2) {
          const length = ((b[at]! & 1) << 8) | b[at + 1]!;
          if (length > end - at - 2) break;
          tlvs.push({ type: b[at]! >> 1, data: toHex(b, at + 2, at + 2 + length) });
          at += 2 + length;
        }
        return tlvs;
      },
      write(out, tlvs = []) {
        for (const { type, data } of tlvs) {
          const bytes = fromHex(data);
          out.u16((type << 9) | bytes.length);
          out.put(bytes);
        }
      },
    }),
  },
  derive: {
    /** Name of the system, when it tells. */
    systemName: (view) => {
      const found = view.tlvs.find(({ type }) => type === 5);
      if (found === undefined) return undefined;
      const bytes = fromHex(found.data);
      return readable(bytes, 0, bytes.length);
    },
  },
  summary: (view) => view.systemName ?? `${view.tlvs.length} TLVs`,
});

function tlvEnd(b: Uint8Array, at: number, end: number): number {
  while (end - at >= 2) {
    const length = ((b[at]! & 1) << 8) | b[at + 1]!;
    if (length > end - at - 2) return end;
    const last = b[at]! >> 1 === 0;
    at += 2 + length;
    if (last) return at;
  }
  return end;
}
