import { ipv4 } from "../address.ts";
import { u8, u16 } from "../field.ts";
import { defineLayer } from "../layer.ts";
import { wholeChecksum } from "./computed.ts";
import { variableBytes } from "./content.ts";

const names: Readonly<Record<number, string>> = {
  17: "query",
  18: "report v1",
  22: "report v2",
  23: "leave",
  34: "report v3",
};

/** Internet Group Management Protocol, versions 1 to 3 (RFC 3376); `rest` is version 3's part. */
export const IGMP = defineLayer({
  name: "IGMP",
  fields: {
    type: u8({ default: 0x11, names, hex: true }),
    maxResponse: u8(),
    checksum: u16({ hex: true, auto: wholeChecksum }),
    group: ipv4(),
    rest: variableBytes(),
  },
  summary: (view) => `${names[view.type] ?? `type ${view.type}`} ${view.group}`,
});
