import type { AnyDefinition, HeaderLength, LayerType } from "./layer.ts";
import { canGenerate } from "./view-class.ts";
import type { DecodeErrorCode } from "./walk.ts";

/** What a step leaves for the walk. */
export interface StepResult {
  /** Where the header ends. */
  payload: number;
  /** Where what the layer gives to the next one ends. */
  limit: number;
  error: DecodeErrorCode | undefined;
  /** The layer is not there at all. */
  refused: boolean;
}

/**
 * Reads a layer at `offset`, of whose `[offset, end)` the fixed fields are there, and returns the layer inside it.
 * Stops the walk by returning `undefined`; whatever it finds, `payload` does not go back and `limit` does not grow.
 */
export type Step = (buffer: Uint8Array, offset: number, end: number, result: StepResult) => LayerType | undefined;

/** Parts of a definition that a step is made of. */
export interface StepParts extends Pick<AnyDefinition, "accepts" | "totalLength" | "next"> {
  readonly headerLength: HeaderLength | undefined;
  readonly size: number;
}

/** The step without generated code, where `new Function` is forbidden; `compileStep` writes the same. */
function step(
  { accepts, headerLength, totalLength, next, size }: StepParts,
  b: Uint8Array,
  o: number,
  end: number,
  r: StepResult,
): LayerType | undefined {
  if (accepts !== undefined && !accepts(b, o)) {
    r.refused = true;
    r.error = "bad-version";
    return undefined;
  }
  const header = headerLength === undefined ? size : headerLength(b, o, end);
  if (header < size || header > end - o) {
    r.error = header < size ? "bad-header-length" : "truncated";
    r.payload = end;
    return undefined;
  }
  if (totalLength !== undefined) {
    const total = totalLength(b, o, end);
    if (total > end - o) r.error = "truncated";
    else if (total >= header) r.limit = o + total;
    else if (total > 0) {
      r.error = "bad-length";
      return undefined;
    }
  }
  r.payload = o + header;
  return next === undefined ? undefined : next(b, o, o + header, r.limit);
}

/**
 * The step of a layer. Its functions are constants of its own copy of the code, so the compiler inlines them: one call
 * a layer instead of four through megamorphic call sites. Nothing but the layer's size enters the source.
 */
export function compileStep(parts: StepParts): Step {
  if (!canGenerate()) return (buffer, offset, end, result) => step(parts, buffer, offset, end, result);
  const { accepts, headerLength, totalLength, next, size } = parts;
  const source = `"use strict";return function(b,o,end,r){
${accepts ? 'if(!accepts(b,o)){r.refused=true;r.error="bad-version";return undefined}' : ""}
${headerLength ? `const h=headerLength(b,o,end);if(h<${size}||h>end-o){r.error=h<${size}?"bad-header-length":"truncated";r.payload=end;return undefined}` : `const h=${size};`}
${totalLength ? 'const t=totalLength(b,o,end);if(t>end-o)r.error="truncated";else if(t>=h)r.limit=o+t;else if(t>0){r.error="bad-length";return undefined}' : ""}
r.payload=o+h;
return ${next ? "next(b,o,o+h,r.limit)" : "undefined"}}`;
  return new Function("accepts", "headerLength", "totalLength", "next", source)(
    accepts,
    headerLength,
    totalLength,
    next,
  ) as Step;
}
