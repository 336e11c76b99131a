import { type LayerType, layerById } from "./layer.ts";
import type { WalkState } from "./step.ts";

/** Most layers decoded of a packet; what lies deeper is payload. Wireshark's worst captures stay below it. */
const MAX_LAYERS = 16;

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

/** Numbers a layer takes in `slots`: layer id, offset, end. */
export const SLOT_SIZE = 3;
const ARENA_SLOTS = 4096 * SLOT_SIZE;

/** Result of the last `walk`, read at once by its caller: returning an object would cost an allocation a packet. */
export const walked: {
  slots: Int32Array;
  base: number;
  count: number;
  error: DecodeError | undefined;
} = { slots: new Int32Array(0), base: 0, count: 0, error: undefined };

const state: WalkState & { error: DecodeError | undefined } = {
  stop: 0,
  error: undefined,
  fail(id, offset, code) {
    this.error ??= { layer: layerById[id]!.name, offset, code };
  },
};

// Packets share one arena of slots until it is full: a walk allocates nothing of its own.
let arena = new Int32Array(ARENA_SLOTS);
let used = 0;

/**
 * Finds the layers of `buffer[offset, end)`, `first` being the outermost. Offsets in the slots are from `offset`.
 * The cursor only moves forward and at most `MAX_LAYERS` times, so any input ends; a length field may shorten what
 * is left and never lengthens it. Without `keep` the next walk may overwrite the slots.
 */
export function walk(buffer: Uint8Array, offset: number, end: number, first: LayerType | undefined, keep = true): void {
  if (arena.length - used < MAX_LAYERS * SLOT_SIZE) {
    arena = new Int32Array(ARENA_SLOTS);
    used = 0;
  }
  let at = used;
  state.error = undefined;
  if (first !== undefined && offset < end) {
    state.stop = at + MAX_LAYERS * SLOT_SIZE;
    at = first.code.step(buffer, offset, offset, end, arena, at, state);
  }
  walked.slots = arena;
  walked.base = used;
  walked.count = (at - used) / SLOT_SIZE;
  walked.error = state.error;
  if (keep) used = at;
}
