import { InvalidValueError } from "./errors.ts";
import type { LayerType, LayerView } from "./layer.ts";
import { Packet } from "./packet.ts";
import { SLOT_SIZE } from "./step.ts";
import { slots, state, walk } from "./walk.ts";

/** A view that is moved over one packet after the other. */
interface MovableView {
  buffer: Uint8Array;
  offset: number;
  end: number;
}

type MovablePacket = { -readonly [K in keyof Packet]: Packet[K] };

/** Decodes packet after packet into the same views: nothing is allocated. Made by `createDecoder`. */
export interface Decoder<L extends LayerType> {
  /** Decodes `buffer[offset, offset + length)`; true when at least one of the decoder's layers was found. */
  decode(buffer: Uint8Array, offset?: number, length?: number, linkType?: number): boolean;
  /** Decodes a packet of a capture. */
  decodePacket(packet: Packet): boolean;
  /** Whether the last packet has the layer. */
  has(layer: L): boolean;
  /** The first occurrence of the layer in the last packet, or `undefined`. Valid until the next `decode`. */
  get<V extends LayerView>(layer: LayerType<V>): V | undefined;
}

/**
 * A decoder of a few layers for hot loops: the views it gives are reused, so read what is needed before the next
 * packet. Throws an `InvalidValueError` without layers.
 */
export function createDecoder<const L extends readonly LayerType[]>(layers: L): Decoder<L[number]> {
  if (!Array.isArray(layers) || layers.length === 0)
    throw new InvalidValueError("createDecoder(layers)", layers, "at least one layer");
  const views: (LayerView | undefined)[] = [];
  const seen: number[] = [];
  const nothing = new Uint8Array(0);
  for (const layer of layers) {
    views[layer.id] = new layer.view(nothing, 0, 0);
    seen[layer.id] = 0;
  }
  let round = 0;
  const decodePacket = (packet: Packet): boolean => {
    round++;
    walk(packet, 0, 0, false);
    const { buffer, offset } = packet;
    let missing = layers.length;
    for (let at = 0; at < state.top; at += SLOT_SIZE) {
      const id = slots[at]!;
      const view = views[id] as MovableView | undefined;
      if (view === undefined || seen[id] === round) continue;
      seen[id] = round;
      view.buffer = buffer;
      view.offset = offset + slots[at + 1]!;
      view.end = offset + slots[at + 2]!;
      missing--;
    }
    return missing < layers.length;
  };
  const moved = new Packet(nothing, 0, 0, 0, 1, 0, 0) as MovablePacket;
  return {
    decode(buffer, offset = 0, length = buffer.length - offset, linkType = 1) {
      moved.buffer = buffer;
      moved.offset = offset;
      moved.capturedLength = length;
      moved.linkType = linkType;
      moved.walk = 0;
      return decodePacket(moved);
    },
    decodePacket,
    has: (layer) => seen[layer.id] === round && round > 0,
    get<V extends LayerView>(layer: LayerType<V>): V | undefined {
      return seen[layer.id] === round && round > 0 ? (views[layer.id] as V | undefined) : undefined;
    },
  };
}
