import { formatIPv6 } from "../address.ts";
import { dynamic, u8, u24 } from "../field.ts";
import { fromHex, toHex } from "../hex.ts";
import { defineLayer } from "../layer.ts";
import { type TypeAndData, variableBytes } from "./content.ts";

const names: Readonly<Record<number, string>> = {
  1: "solicit",
  2: "advertise",
  3: "request",
  4: "confirm",
  5: "renew",
  6: "rebind",
  7: "reply",
  8: "release",
  9: "decline",
  10: "reconfigure",
  11: "information-request",
  12: "relay-forward",
  13: "relay-reply",
};
const isRelay = (b: Uint8Array, o: number) => b[o] === 12 || b[o] === 13;

/**
 * DHCP for IPv6 (RFC 8415). In relay messages `transaction` starts with the hop count and `relay` is the rest of the
 * two addresses behind it.
 */
export const DHCPv6 = defineLayer({
  name: "DHCPv6",
  fields: {
    type: u8({ default: 1, names }),
    transaction: u24({ hex: true }),
    relay: variableBytes((b, _at, _end, start) => (isRelay(b, start) ? 30 : 0)),
    options: dynamic<TypeAndData[], readonly TypeAndData[]>({
      read(b, at, end) {
        const options: TypeAndData[] = [];
        while (end - at >= 4) {
          const length = (b[at + 2]! << 8) | b[at + 3]!;
          if (length > end - at - 4) break;
          options.push({ type: (b[at]! << 8) | b[at + 1]!, data: toHex(b, at + 4, at + 4 + length) });
          at += 4 + length;
        }
        return options;
      },
      write(out, options = []) {
        for (const { type, data } of options) {
          const bytes = fromHex(data);
          out.u16(type);
          out.u16(bytes.length);
          out.put(bytes);
        }
      },
    }),
  },
  headerLength: (_b, o, end) => end - o,
  derive: {
    /** Link address of a relay message. */
    linkAddress: (view) =>
      isRelay(view.buffer, view.offset) && view.end - view.offset >= 34
        ? formatIPv6(view.buffer, view.offset + 2)
        : undefined,
  },
  summary: (view) => names[view.type] ?? `type ${view.type}`,
});
