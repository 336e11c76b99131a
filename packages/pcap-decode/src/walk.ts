import type { LayerType } from "./layer.ts";

/** Most layers decoded of a packet; what lies deeper is payload. Wireshark's worst captures stay below it. */
export const MAX_LAYERS = 16;

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
    const code = layer.code;
    if (limit - start < code.size) {
      error ??= { layer: layer.name, offset: start - offset, code: "truncated" };
      break;
    }
    if (code.accepts !== undefined && !code.accepts(buffer, start)) {
      error ??= { layer: layer.name, offset: start - offset, code: "bad-version" };
      break;
    }
    slots[at++] = code.id;
    slots[at++] = start - offset;
    slots[at++] = limit - offset;
    count++;
    let header = code.size;
    if (code.headerLength !== undefined) {
      header = code.headerLength(buffer, start, limit);
      if (header < code.size) {
        error ??= { layer: layer.name, offset: start - offset, code: "bad-header-length" };
        break;
      }
      if (header > limit - start) {
        error ??= { layer: layer.name, offset: start - offset, code: "truncated" };
        break;
      }
    }
    if (code.totalLength !== undefined) {
      const total = code.totalLength(buffer, start, limit);
      if (total > limit - start) error ??= { layer: layer.name, offset: start - offset, code: "truncated" };
      else if (total >= header) limit = start + total;
      else if (total > 0) {
        error ??= { layer: layer.name, offset: start - offset, code: "bad-length" };
        break;
      }
    }
    const payload = start + header;
    layer = code.next === undefined ? undefined : code.next(buffer, start, payload, limit);
    start = payload;
  }
  walked.slots = slots;
  walked.base = used;
  walked.count = count;
  walked.error = error;
  if (keep) used = at;
}
