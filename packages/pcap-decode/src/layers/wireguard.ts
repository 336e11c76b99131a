import { u8, u24, u32le } from "../field.ts";
import { defineLayer } from "../layer.ts";

const names: Readonly<Record<number, string>> = {
  1: "handshake initiation",
  2: "handshake response",
  3: "cookie reply",
  4: "data",
};

/** WireGuard: message type and the sender's (in data: the receiver's) index; the rest is encrypted. */
export const WireGuard = defineLayer({
  name: "WireGuard",
  fields: { type: u8({ names }), reserved: u24(), index: u32le({ hex: true }) },
  summary: (view) => names[view.type] ?? `type ${view.type}`,
});
