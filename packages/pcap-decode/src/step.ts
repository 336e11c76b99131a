import type { AnyDefinition, HeaderLength, LayerType } from "./layer.ts";
import { canGenerate } from "./view-class.ts";
import type { DecodeErrorCode } from "./walk.ts";

/** What all steps of a walk share. */
export interface WalkState {
  /** Index in the slots at which the walk has as many layers as it may have. */
  stop: number;
  /** Notes the first error: of layer `id`, at `offset` of the packet. */
  fail(id: number, offset: number, code: DecodeErrorCode): void;
}

/**
 * Reads the layer at `offset` of `[offset, end)` into `slots[at …]`, and all layers inside it; returns where the slots
 * end. Whatever it finds, it only goes forward and never past `end`. `base` is where the packet starts.
 */
export type Step = (
  buffer: Uint8Array,
  base: number,
  offset: number,
  end: number,
  slots: Int32Array,
  at: number,
  state: WalkState,
) => number;

/** Parts of a definition that a step is made of. */
export interface StepParts extends Pick<AnyDefinition, "accepts" | "totalLength" | "next"> {
  readonly id: number;
  readonly size: number;
  readonly headerLength: HeaderLength | undefined;
}

/** The step without generated code, where `new Function` is forbidden; `compileStep` writes the same. */
function closureStep({ id, size, accepts, headerLength, totalLength, next }: StepParts): Step {
  return (b, base, o, end, slots, at, state) => {
    if (at === state.stop || end - o < size) {
      state.fail(id, o - base, at === state.stop ? "too-deep" : "truncated");
      return at;
    }
    if (accepts !== undefined && !accepts(b, o)) {
      state.fail(id, o - base, "bad-version");
      return at;
    }
    slots[at] = id;
    slots[at + 1] = o - base;
    slots[at + 2] = end - base;
    const after = at + 3;
    const header = headerLength === undefined ? size : headerLength(b, o, end);
    if (header < size || header > end - o) {
      state.fail(id, o - base, header < size ? "bad-header-length" : "truncated");
      return after;
    }
    let limit = end;
    const total = totalLength === undefined ? 0 : totalLength(b, o, end);
    if (total > end - o) state.fail(id, o - base, "truncated");
    else if (total >= header) limit = o + total;
    else if (total > 0) {
      state.fail(id, o - base, "bad-length");
      return after;
    }
    const payload = o + header;
    const inner: LayerType | undefined = payload < limit ? next?.(b, o, payload, limit) : undefined;
    return inner === undefined ? after : inner.code.step(b, base, payload, limit, slots, after, state);
  };
}

/**
 * The step of a layer. Each layer has its own copy of the code, with its own functions and its own call of the layer
 * inside it: the few layers that follow one are few enough for the compiler to inline them, so that the usual chain
 * becomes one function. Called from one loop for all layers, none of it would be. Nothing but numbers enters the source.
 */
export function compileStep(parts: StepParts): Step {
  if (!canGenerate()) return closureStep(parts);
  const { id, size, accepts, headerLength, totalLength, next } = parts;
  const source = `"use strict";return function(b,base,o,end,slots,at,state){
if(at===state.stop||end-o<${size}){state.fail(${id},o-base,at===state.stop?"too-deep":"truncated");return at}
${accepts ? `if(!accepts(b,o)){state.fail(${id},o-base,"bad-version");return at}` : ""}
slots[at]=${id};slots[at+1]=o-base;slots[at+2]=end-base;at+=3;
${headerLength ? `const h=headerLength(b,o,end);if(h<${size}||h>end-o){state.fail(${id},o-base,h<${size}?"bad-header-length":"truncated");return at}` : `const h=${size};`}
let limit=end;
${totalLength ? `const t=totalLength(b,o,end);if(t>end-o)state.fail(${id},o-base,"truncated");else if(t>=h)limit=o+t;else if(t>0){state.fail(${id},o-base,"bad-length");return at}` : ""}
${next ? "const p=o+h;if(p<limit){const inner=next(b,o,p,limit);if(inner!==undefined)return inner.code.step(b,base,p,limit,slots,at,state)}" : ""}
return at}`;
  return new Function("accepts", "headerLength", "totalLength", "next", source)(
    accepts,
    headerLength,
    totalLength,
    next,
  ) as Step;
}
