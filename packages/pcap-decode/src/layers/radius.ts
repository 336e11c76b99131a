import { dynamic, u8, u16 } from "../field.ts";
import { fromHex, toHex } from "../hex.ts";
import { defineLayer } from "../layer.ts";
import { totalLength } from "./computed.ts";
import { fixedBytes, type TypeAndData } from "./content.ts";

const names: Readonly<Record<number, string>> = {
  1: "Access-Request",
  2: "Access-Accept",
  3: "Access-Reject",
  4: "Accounting-Request",
  5: "Accounting-Response",
  11: "Access-Challenge",
  12: "Status-Server",
  40: "Disconnect-Request",
  43: "CoA-Request",
};

/** Remote Authentication Dial In User Service (RFC 2865). Attribute data is hexadecimal. */
export const RADIUS = defineLayer({
  name: "RADIUS",
  fields: {
    code: u8({ default: 1, names }),
    id: u8(),
    length: u16({ auto: totalLength }),
    authenticator: fixedBytes(16),
    attributes: dynamic<TypeAndData[], readonly TypeAndData[]>({
      read(b, at, end) {
        const attributes: TypeAndData[] = [];
        while (end - at >= 2) {
          const length = b[at + 1]!;
          if (length < 2 || length > end - at) break;
          attributes.push({ type: b[at]!, data: toHex(b, at + 2, at + length) });
          at += length;
        }
        return attributes;
      },
      write(out, attributes = []) {
        for (const { type, data } of attributes) {
          const bytes = fromHex(data);
          out.u8(type);
          out.u8(bytes.length + 2);
          out.put(bytes);
        }
      },
    }),
  },
  headerLength: (b, o, end) => Math.max(20, Math.min(end - o, (b[o + 2]! << 8) | b[o + 3]!)),
  totalLength: (b, o) => (b[o + 2]! << 8) | b[o + 3]!,
  summary: (view) => `${names[view.code] ?? `code ${view.code}`} id=${view.id}`,
});
