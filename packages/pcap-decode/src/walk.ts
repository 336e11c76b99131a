import type { LayerType } from "./layer.ts";
import type { StepResult } from "./step.ts";

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

const result: StepResult = { payload: 0, limit: 0, error: undefined, refused: false };

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
  const slots = arena;
  let at = used;
  let start = offset;
  let limit = end;
  let layer = first;
  let error: DecodeError | undefined;
  let count = 0;
  while (layer !== undefined && start < limit) {
    if (count === MAX_LAYERS) {
      error ??= { layer: layer.name, offset: start - offset, code: "too-deep" };
      break;
    }
    const { id, size, step } = layer.code;
    if (limit - start < size) {
      error ??= { layer: layer.name, offset: start - offset, code: "truncated" };
      break;
    }
    result.limit = limit;
    const next = step(buffer, start, limit, result);
    if (result.error !== undefined) {
      error ??= { layer: layer.name, offset: start - offset, code: result.error };
      result.error = undefined;
      if (result.refused) {
        result.refused = false;
        break;
      }
    }
    slots[at] = id;
    slots[at + 1] = start - offset;
    slots[at + 2] = limit - offset;
    at += SLOT_SIZE;
    count++;
    start = result.payload;
    limit = result.limit;
    layer = next;
  }
  walked.slots = slots;
  walked.base = used;
  walked.count = count;
  walked.error = error;
  if (keep) used = at;
}
