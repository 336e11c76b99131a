import { InvalidValueError } from "./errors.ts";
import type { LayerType, LayerView } from "./layer.ts";
import { Packet } from "./packet.ts";
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
  const views: (MovableView | undefined)[] = [];
  // The round in which a view was last moved.
  const moved: number[] = [];
  const nothing = new Uint8Array(0);
  for (const layer of layers) {
    views[layer.id] = new layer.view(nothing, 0, 0);
    moved[layer.id] = -1;
  }
  const own = new Packet(nothing, 0, 0, 0, 1, 0, 0);
  const movable = own as MovablePacket;
  let current = own;
  let round = 0;

  const find = (layer: LayerType): number => {
    const slot = views[layer.id] === undefined ? undefined : walk(current, layer.id, 0, false);
    return slot === undefined ? -1 : (slot as number);
  };
  const decodePacket = (packet: Packet): boolean => {
    round++;
    current = packet;
    for (const layer of layers) if (find(layer) >= 0) return true;
    return false;
  };
  return {
    decode(buffer, offset = 0, length = buffer.length - offset, linkType = 1) {
      movable.buffer = buffer;
      movable.offset = offset;
      movable.capturedLength = length;
      movable.linkType = linkType;
      state.setWalk(own, 0);
      return decodePacket(own);
    },
    decodePacket,
    has: (layer) => find(layer) >= 0,
    get<V extends LayerView>(layer: LayerType<V>): V | undefined {
      const view = views[layer.id];
      if (view === undefined || moved[layer.id] === round) return view as V | undefined;
      const slot = find(layer as LayerType);
      if (slot < 0) return undefined;
      moved[layer.id] = round;
      view.buffer = current.buffer;
      view.offset = current.offset + slots[slot + 1]!;
      view.end = current.offset + slots[slot + 2]!;
      return view as unknown as V;
    },
  };
}
