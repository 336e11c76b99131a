import { bits, u8, u32 } from "../field.ts";
import { defineLayer } from "../layer.ts";
import { fixedBytes, u64, variableBytes } from "./content.ts";

/** Seconds from 1900 to 1970. */
const EPOCH = 2_208_988_800;

/** Network Time Protocol (RFC 5905). Timestamps are seconds since 1900 in units of 2^-32; `extra` is what follows. */
export const NTP = defineLayer({
  name: "NTP",
  // Control and private messages (modes 6 and 7) have another header.
  accepts: (b, o) => (b[o]! & 7) < 6,
  fields: {
    leap: bits(2),
    version: bits(3, { default: 4 }),
    mode: bits(3, {
      default: 3,
      names: { 1: "active", 2: "passive", 3: "client", 4: "server", 5: "broadcast", 6: "control", 7: "private" },
    }),
    stratum: u8(),
    poll: u8(),
    precision: u8(),
    rootDelay: u32(),
    rootDispersion: u32(),
    referenceId: fixedBytes(4),
    reference: u64(),
    originate: u64(),
    receive: u64(),
    transmit: u64(),
    extra: variableBytes(),
  },
  headerLength: (_b, o, end) => end - o,
  derive: {
    /** `transmit` as seconds since 1970. */
    transmitTime: (view) => Number(view.transmit >> 32n) - EPOCH + Number(view.transmit & 0xffffffffn) / 2 ** 32,
  },
  summary: (view) => `v${view.version} mode ${view.mode} stratum ${view.stratum}`,
});
