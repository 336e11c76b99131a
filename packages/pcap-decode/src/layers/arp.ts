import { formatIPv4, formatIPv6, formatMac, isIPv6Text, parseIPv4, parseIPv6, parseMac } from "../address.ts";
import { dynamic, type Field, u8, u16 } from "../field.ts";
import { fromHex, toHex } from "../hex.ts";
import { defineLayer } from "../layer.ts";
import { etherTypeNames } from "./tables.ts";

function hardware(): Field<string> {
  return dynamic<string>(
    {
      size: (b, _at, _end, start) => b[start + 4]!,
      read: (b, at, end) => (end - at === 6 ? formatMac(b, at) : toHex(b, at, end)),
      write: (out, text) => out.put(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(text) ? parseMac(text) : fromHex(text)),
    },
    { default: "00:00:00:00:00:00" },
  );
}

function protocol(): Field<string> {
  return dynamic<string>(
    {
      size: (b, _at, _end, start) => b[start + 5]!,
      read: (b, at, end) =>
        end - at === 4 ? formatIPv4(b, at) : end - at === 16 ? formatIPv6(b, at) : toHex(b, at, end),
      write: (out, text) => {
        if (text.includes(".") && !isIPv6Text(text)) out.put(parseIPv4(text));
        else out.put(isIPv6Text(text) ? parseIPv6(text) : fromHex(text));
      },
    },
    { default: "0.0.0.0" },
  );
}

/** Address resolution (RFC 826) and its inverse; addresses of other sizes than MAC and IP are hexadecimal. */
export const ARP = defineLayer({
  name: "ARP",
  fields: {
    htype: u16({ default: 1, names: { 1: "Ethernet" } }),
    ptype: u16({ default: 0x0800, names: etherTypeNames, hex: true }),
    hlen: u8({ default: 6 }),
    plen: u8({ default: 4 }),
    op: u16({
      default: 1,
      names: {
        1: "request",
        2: "reply",
        3: "reverse request",
        4: "reverse reply",
        8: "inverse request",
        9: "inverse reply",
      },
    }),
    hwsrc: hardware(),
    psrc: protocol(),
    hwdst: hardware(),
    pdst: protocol(),
  },
  headerLength: (b, o) => 8 + 2 * (b[o + 4]! + b[o + 5]!),
  summary: (view) =>
    view.op === 1
      ? `who has ${view.pdst}? tell ${view.psrc}`
      : view.op === 2
        ? `${view.psrc} is at ${view.hwsrc}`
        : `op ${view.op}`,
});
