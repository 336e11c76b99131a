import { layerById } from "./layer.ts";
import { firstLayerId } from "./layers/registry.ts";
import {
  closureWalker,
  generateWalker,
  MAX_LAYERS,
  SLOT_SIZE,
  type WalkedPacket,
  type Walker,
  type WalkState,
} from "./step.ts";
import { canGenerate } from "./view-class.ts";

/** Why decoding stopped, or what a length field got wrong. */
export type DecodeErrorCode =
  /** The packet ends before the layer does. */
  | "truncated"
  /** A header length below the smallest header. */
  | "bad-header-length"
  /** A total length below the header's. */
  | "bad-length"
  /** A version that the layer announced by the one below does not have. */
  | "bad-version"
  /** More than 16 layers. */
  | "too-deep";

/** What is wrong with a packet: in which layer, where in the packet, and what. */
export interface DecodeError {
  readonly layer: string;
  /** Bytes from the start of the packet. */
  readonly offset: number;
  readonly code: DecodeErrorCode;
}

/** The layers found so far of the packet that is being decoded. */
export const slots: Int32Array = new Int32Array(MAX_LAYERS * SLOT_SIZE);

/** The walk that `slots` belong to. */
export const state: WalkState = {
  walk: 1,
  walkOf: notYet,
  setWalk: notYet,
  next: 0,
  at: 0,
  end: 0,
  top: 0,
  error: undefined,
  first: firstLayerId,
  fail(id, offset, code) {
    this.error ??= { layer: layerById[id]!.name, offset, code };
  },
  renew,
};

/** In place of what `Packet` sets when it is defined. */
function notYet(): never {
  throw new TypeError("no packets yet");
}

/** What follows what has changed: the packet that was asked last is walked over anew, as all others are anyway. */
export function forgetWalk(): void {
  state.walk++;
}

/** The walk over all layers that were defined when it was compiled: at first use, and when a packet has a later one. */
export let walk: Walker = renew;

function renew(packet: WalkedPacket, id: number, nth: number, make: boolean): ReturnType<Walker> {
  const parts = layerById.map((layer) => layer?.code);
  walk = canGenerate() ? generateWalker(parts, slots, state) : closureWalker(parts, slots, state);
  state.setWalk(packet, 0);
  return walk(packet, id, nth, make);
}
