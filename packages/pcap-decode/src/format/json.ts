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

type Draft = { -readonly [K in keyof PacketJSON]: PacketJSON[K] };

/** Plain data of a packet, from which `build` makes the same bytes. */
export function packetToJSON(packet: Packet): PacketJSON {
  const views = packet.layers;
  const layers = views.map((view) => {
    const json = view.toJSON();
    const end = layerEnd(view);
    return end < view.end ? { ...json, trailer: toHex(view.buffer, end, view.end) } : json;
  });
  const json: Draft = {
    time: packet.time.toString(),
    linkType: packet.linkType,
    capturedLength: packet.capturedLength,
    originalLength: packet.originalLength,
    layers,
  };
  const last = views.at(-1);
  const payload = last === undefined ? packet.bytes : last.payload;
  if (payload.length > 0) json.payload = toHex(payload);
  if (packet.options !== undefined) {
    const { comments } = packet;
    if (comments.length > 0) json.comments = comments;
  }
  const { error } = packet;
  if (error !== undefined) json.error = error;
  return json;
}
