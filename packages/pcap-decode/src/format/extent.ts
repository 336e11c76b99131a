import type { LayerView } from "../layer.ts";

/** Where a layer's payload ends in its buffer: by its own length field if that is shorter than what it was given. */
export function layerEnd(view: LayerView): number {
  const { code } = view.layer;
  const total = code.totalLength?.(view.buffer, view.offset, view.end) ?? 0;
  return total > 0 ? Math.min(view.end, view.offset + Math.max(total, view.headerLength)) : view.end;
}
