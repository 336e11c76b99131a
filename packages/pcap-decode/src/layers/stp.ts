import { formatMac, parseMac } from "../address.ts";
import { dynamic, u8, u16 } from "../field.ts";
import { defineLayer } from "../layer.ts";

/** Body of a configuration or rapid spanning tree message (IEEE 802.1D clause 9.3). Times are in 1/256 seconds. */
export interface BridgeMessage {
  readonly flags: number;
  readonly rootPriority: number;
  readonly rootAddress: string;
  readonly rootPathCost: number;
  readonly bridgePriority: number;
  readonly bridgeAddress: string;
  readonly port: number;
  readonly messageAge: number;
  readonly maxAge: number;
  readonly helloTime: number;
  readonly forwardDelay: number;
}

const BODY = 31;
const TOPOLOGY_CHANGE = 0x80;

/** Spanning tree protocol: configuration, topology change and rapid messages. */
export const STP = defineLayer({
  name: "STP",
  fields: {
    protocol: u16(),
    version: u8({ names: { 0: "STP", 2: "RSTP", 3: "MSTP" } }),
    type: u8({ names: { 0: "configuration", 2: "rapid", 128: "topology change" }, hex: true }),
    message: dynamic<BridgeMessage | undefined, BridgeMessage>({
      size: (b, at, _end, start) => (b[start + 3] === TOPOLOGY_CHANGE ? 0 : at > start ? BODY : 0),
      read(b, at, end) {
        if (end - at < BODY) return undefined;
        const u16At = (i: number) => (b[at + i]! << 8) | b[at + i + 1]!;
        return {
          flags: b[at]!,
          rootPriority: u16At(1),
          rootAddress: formatMac(b, at + 3),
          rootPathCost: u16At(9) * 65536 + u16At(11),
          bridgePriority: u16At(13),
          bridgeAddress: formatMac(b, at + 15),
          port: u16At(21),
          messageAge: u16At(23),
          maxAge: u16At(25),
          helloTime: u16At(27),
          forwardDelay: u16At(29),
        };
      },
      write(out, m) {
        if (m === undefined) return;
        out.u8(m.flags);
        out.u16(m.rootPriority);
        out.put(parseMac(m.rootAddress));
        out.u32(m.rootPathCost);
        out.u16(m.bridgePriority);
        out.put(parseMac(m.bridgeAddress));
        for (const word of [m.port, m.messageAge, m.maxAge, m.helloTime, m.forwardDelay]) out.u16(word);
      },
    }),
  },
  summary: (view) =>
    view.message ? `root ${view.message.rootAddress} cost ${view.message.rootPathCost}` : "topology change",
});
