import type { AnyDefinition, HeaderLength, LayerView } from "./layer.ts";
import type { DecodeError, DecodeErrorCode } from "./walk.ts";

/** Numbers a layer takes in the slots of a walk: layer id, offset, end. Offsets are from the start of the packet. */
export const SLOT_SIZE = 3;
/** Most layers decoded of a packet; what lies deeper is payload. Wireshark's worst captures stay below it. */
export const MAX_LAYERS = 16;
const STOP = MAX_LAYERS * SLOT_SIZE;

/** What decoding needs of a layer. */
export interface StepParts extends Pick<AnyDefinition, "accepts" | "totalLength" | "next"> {
  readonly id: number;
  /** Bytes of the fixed fields: the least that must be there. */
  readonly size: number;
  /** Bytes of the whole header; `undefined` when it is only the fixed fields. May exceed what is there. */
  readonly headerLength: HeaderLength | undefined;
  /** Makes a view: `new` of a class that is not known beforehand is several times slower than this call. */
  create(buffer: Uint8Array, offset: number, end: number): LayerView;
}

/** What a walk needs of a packet. */
export interface WalkedPacket {
  readonly buffer: Uint8Array;
  readonly offset: number;
  readonly capturedLength: number;
  readonly linkType: number;
}

/**
 * How far the walk over one packet has come. A packet holds only the number of its walk, and starts again when another
 * packet has come in between: state of its own would cost more to allocate than a second walk costs in the rare case.
 */
export interface WalkState {
  /** Number of the walk, never 0 and never given twice. */
  walk: number;
  /** Number of the last walk over the packet; 0 before the first. */
  walkOf(packet: WalkedPacket): number;
  setWalk(packet: WalkedPacket, walk: number): void;
  /** Id of the layer that is entered next; negative of the layer that is left next; 0 at the end. */
  next: number;
  /** Where that layer starts, from the start of the packet. */
  at: number;
  /** Where the bytes left to it end, from the start of the packet. */
  end: number;
  /** Where the slots that are filled end. */
  top: number;
  /** What is wrong with the packet, as far as the walk has come. */
  error: DecodeError | undefined;
  /** Id of the outermost layer of a packet, 0 when it is unknown. */
  first(buffer: Uint8Array, offset: number, linkType: number): number;
  /** Notes the first error: of layer `id`, at `offset` of the packet. */
  fail(id: number, offset: number, code: DecodeErrorCode): void;
  /** Walks over a packet with a layer that was defined after the walker was made. */
  renew: Walker;
}

/**
 * Walks over the layers of the packet until the `nth` layer `id`, no farther than it must and from where the last walk
 * over it stopped: its view when `make` is set, else its index in the slots; `undefined` when the packet has none.
 *
 * The cursor only moves forward and at most `MAX_LAYERS` times, so any input ends; a length field may shorten what is
 * left and never lengthens it. Id 0 is no layer's: it walks to the end.
 */
export type Walker = (packet: WalkedPacket, id: number, nth: number, make: boolean) => LayerView | number | undefined;

/** A walker without generated code, for where it is forbidden; `generateWalker` writes the same. */
export function closureWalker(parts: readonly (StepParts | undefined)[], slots: Int32Array, state: WalkState): Walker {
  return (packet, id, nth, make) => {
    const { buffer, offset: base } = packet;
    if (state.walkOf(packet) !== state.walk) {
      state.setWalk(packet, ++state.walk);
      state.next = packet.capturedLength > 0 ? state.first(buffer, base, packet.linkType) : 0;
      state.at = 0;
      state.end = packet.capturedLength;
      state.top = 0;
      state.error = undefined;
    }
    let left = nth;
    for (let at = 0; ; at += SLOT_SIZE) {
      if (at === state.top) {
        if (state.next < 0) leave(parts[-state.next]!, buffer, base, state);
        const { next } = state;
        if (next >= parts.length) return state.renew(packet, id, nth, make);
        if (next === 0 || !enter(parts[next]!, buffer, base, slots, state)) return undefined;
      }
      if (slots[at] === id && left-- === 0) {
        return make ? parts[id]!.create(buffer, base + slots[at + 1]!, base + slots[at + 2]!) : at;
      }
    }
  };
}

/** Enters the layer at `state.at`: false when it is none. */
function enter(parts: StepParts, b: Uint8Array, base: number, slots: Int32Array, state: WalkState): boolean {
  const { id, size, accepts } = parts;
  const { top, at, end } = state;
  state.next = 0;
  if (top === STOP) state.fail(id, at, "too-deep");
  else if (end - at < size) state.fail(id, at, "truncated");
  else if (accepts !== undefined && !accepts(b, base + at)) state.fail(id, at, "bad-version");
  else {
    slots[top] = id;
    slots[top + 1] = at;
    slots[top + 2] = end;
    state.top = top + SLOT_SIZE;
    state.next = -id;
    return true;
  }
  return false;
}

/** Leaves the layer at `state.at`: notes which layer follows where. */
function leave(parts: StepParts, b: Uint8Array, base: number, state: WalkState): void {
  const { id, size, headerLength, totalLength, next } = parts;
  const { at } = state;
  const o = base + at;
  const end = base + state.end;
  state.next = 0;
  const header = headerLength === undefined ? size : headerLength(b, o, end);
  if (header < size || header > end - o) {
    state.fail(id, at, header < size ? "bad-header-length" : "truncated");
    return;
  }
  let limit = end;
  const total = totalLength === undefined ? 0 : totalLength(b, o, end);
  if (total > end - o) state.fail(id, at, "truncated");
  else if (total >= header) limit = o + total;
  else if (total > 0) {
    state.fail(id, at, "bad-length");
    return;
  }
  const payload = o + header;
  const inner = payload < limit ? next?.(b, o, payload, limit) : undefined;
  if (inner === undefined) return;
  state.next = typeof inner === "number" ? inner : inner.id;
  state.at = payload - base;
  state.end = limit - base;
}

/**
 * The walker as one function with a case for each layer: what a layer needs of its bytes is then inlined, and the
 * cursor stays in registers from layer to layer. Calls of each layer's functions cost three times as much; so does a
 * state that is a variable of the module, which bundlers make mutable, instead of a constant of the function's scope.
 * Nothing but numbers enters the source.
 */
export function generateWalker(parts: readonly (StepParts | undefined)[], slots: Int32Array, state: WalkState): Walker {
  const known = parts.filter((part) => part !== undefined);
  const bound = ["accepts", "headerLength", "totalLength", "next", "create"] as const;
  const bind = known.flatMap((part) =>
    bound.filter((name) => part[name] !== undefined).map((name) => `${name}${part.id}=parts[${part.id}].${name}`),
  );
  const source = `"use strict";const S=slots,W=state,walkOf=state.walkOf,setWalk=state.setWalk${bind.map((text) => `,${text}`).join("")};
return function(packet,wanted,nth,make){
const b=packet.buffer,base=packet.offset;
let top=0,at=0,id=0,o=base,end=0,left=nth;
if(walkOf(packet)===W.walk){
top=W.top;
while(at<top){if(S[at]===wanted&&left--===0)break;at+=${SLOT_SIZE}}
id=W.next;o+=W.at;end=base+W.end;
}else{
const number=W.walk+1;
W.walk=number;setWalk(packet,number);W.error=undefined;W.next=0;W.top=0;
const length=packet.capturedLength;
if(length>0){id=W.first(b,base,packet.linkType);end=base+length}
}
if(at>=top){
found:for(;;){
switch(id){
case 0:W.next=0;W.top=top;return undefined;
${known.map(generateCase).join("\n")}
default:return W.renew(packet,wanted,nth,make)
}}}
if(!make)return at;
const start=base+S[at+1],stop=base+S[at+2];
switch(wanted){
${known.map(({ id }) => `case ${id}:return create${id}(b,start,stop);`).join("\n")}
}}`;
  return new Function("parts", "slots", "state", source)(parts, slots, state) as Walker;
}

/** Enters a layer and leaves it, as `enter` and `leave` do; what follows is left in `id`. */
function generateCase({ id, size, accepts, headerLength, totalLength, next }: StepParts): string {
  const fail = (code: string) => `W.fail(${id},o-base,${code});`;
  return `case ${id}:
if(top===${STOP}||end-o<${size}){${fail(`top===${STOP}?"too-deep":"truncated"`)}id=0;break}
${accepts ? `if(!accepts${id}(b,o)){${fail('"bad-version"')}id=0;break}` : ""}
S[top]=${id};S[top+1]=o-base;S[top+2]=end-base;
at=top;top+=${SLOT_SIZE};
if(wanted===${id}&&left--===0){W.next=${-id};W.at=o-base;W.end=end-base;W.top=top;break found}
case ${-id}:{
id=0;
${headerLength ? `const h=headerLength${id}(b,o,end);if(h<${size}||h>end-o){${fail(`h<${size}?"bad-header-length":"truncated"`)}break}` : `const h=${size};`}
let limit=end;
${totalLength ? `const t=totalLength${id}(b,o,end);if(t>end-o){${fail('"truncated"')}}else if(t>=h)limit=o+t;else if(t>0){${fail('"bad-length"')}break}` : ""}
${next ? `const p=o+h;if(p<limit){const inner=next${id}(b,o,p,limit);if(inner!==undefined){id=typeof inner==="number"?inner:inner.id;o=p;end=limit}}` : ""}
break}`;
}
