import { toHex } from "../hex.ts";
import type { LayerJSON } from "../layer.ts";
import type { Packet } from "../packet.ts";
import type { DecodeError } from "../walk.ts";
import { layerEnd } from "./extent.ts";

/** A packet as plain data. Bytes are hexadecimal text. */
export interface PacketJSON {
  /** Seconds since the epoch with nine decimals. */
  readonly time: string;
  readonly linkType: number;
  readonly capturedLength: number;
  readonly originalLength: number;
  readonly layers: readonly LayerJSON[];
  /** What the last layer leaves; missing when nothing. */
  readonly payload?: string;
  readonly comments?: readonly string[];
  readonly error?: DecodeError;
}

/** Plain data of a packet, from which `build` makes the same bytes. */
export function packetToJSON(packet: Packet): PacketJSON {
  const views = packet.layers;
  const layers = views.map((view) => {
    const end = layerEnd(view);
    return end < view.end ? { ...view.toJSON(), trailer: toHex(view.buffer, end, view.end) } : view.toJSON();
  });
  const { payload, comments, error } = packet;
  return {
    time: packet.time.toString(),
    linkType: packet.linkType,
    capturedLength: packet.capturedLength,
    originalLength: packet.originalLength,
    layers,
    ...(payload.length > 0 ? { payload: toHex(payload) } : {}),
    ...(comments.length > 0 ? { comments } : {}),
    ...(error === undefined ? {} : { error }),
  };
}
