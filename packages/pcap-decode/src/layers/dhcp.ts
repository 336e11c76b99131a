import { ipv4, mac } from "../address.ts";
import { dynamic, u8, u16, u32 } from "../field.ts";
import { fromHex, toHex } from "../hex.ts";
import { defineLayer } from "../layer.ts";
import { fixedBytes, type TypeAndData, variableBytes } from "./content.ts";

const MAGIC = 0x63825363;
const OPTION_TYPE = 53;
const PAD = 0;
const END = 255;

const messageNames = ["", "discover", "offer", "request", "decline", "ack", "nak", "release", "inform"];

/** End of the options: behind option 255, or where an option does not fit. */
function optionsEnd(b: Uint8Array, at: number, end: number): number {
  while (at < end) {
    const type = b[at]!;
    if (type === END) return at + 1;
    if (type === PAD) at++;
    else if (end - at < 2 || b[at + 1]! > end - at - 2) return at;
    else at += 2 + b[at + 1]!;
  }
  return end;
}

/** Dynamic Host Configuration Protocol (RFC 2131) and BOOTP. Option 0 is one byte of padding, 255 the end. */
export const DHCP = defineLayer({
  name: "DHCP",
  fields: {
    op: u8({ default: 1, names: { 1: "request", 2: "reply" } }),
    htype: u8({ default: 1 }),
    hlen: u8({ default: 6 }),
    hops: u8(),
    xid: u32({ hex: true }),
    secs: u16(),
    flags: u16({ hex: true }),
    ciaddr: ipv4(),
    yiaddr: ipv4(),
    siaddr: ipv4(),
    giaddr: ipv4(),
    chaddr: mac(),
    chaddrRest: fixedBytes(10),
    sname: fixedBytes(64),
    file: fixedBytes(128),
    magic: u32({ default: MAGIC, hex: true }),
    options: dynamic<TypeAndData[], readonly TypeAndData[]>({
      size: (b, at, end) => optionsEnd(b, at, end) - at,
      read(b, at, end) {
        const options: TypeAndData[] = [];
        while (at < end) {
          const type = b[at]!;
          if (type === PAD || type === END) {
            options.push({ type, data: "" });
            at++;
            continue;
          }
          const length = end - at < 2 ? 0 : b[at + 1]!;
          if (end - at < 2 || length > end - at - 2) break;
          options.push({ type, data: toHex(b, at + 2, at + 2 + length) });
          at += 2 + length;
        }
        return options;
      },
      write(out, options = []) {
        for (const { type, data } of options) {
          out.u8(type);
          if (type === PAD || type === END) continue;
          const bytes = fromHex(data);
          out.u8(bytes.length);
          out.put(bytes);
        }
      },
    }),
    padding: variableBytes(),
  },
  headerLength: (_b, o, end) => end - o,
  derive: {
    /** 1 discover to 8 inform, of option 53; `undefined` in plain BOOTP. */
    messageType: (view) => {
      const found = view.options.find(({ type }) => type === OPTION_TYPE);
      return found === undefined || found.data.length !== 2 ? undefined : Number.parseInt(found.data, 16);
    },
  },
  summary: (view) =>
    `${messageNames[view.messageType ?? 0] || "bootp"} ${view.chaddr}${view.yiaddr === "0.0.0.0" ? "" : ` ${view.yiaddr}`}`,
});
