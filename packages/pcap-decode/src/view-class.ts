import { InvalidValueError } from "./errors.ts";
import { flagText } from "./field.ts";
import { toHex } from "./hex.ts";
import type { AnyField, Fields, LayerCode, LayerJSON, LayerType, LayerView } from "./layer.ts";

/** Where a field is: `bit` from the start of the header; for a dynamic field, its number among the dynamic ones. */
export interface FieldPlace {
  readonly name: string;
  readonly field: AnyField;
  readonly bit: number;
}

type ViewConstructor<V> = new (buffer: Uint8Array, offset: number, end: number) => V;

/** The class of a layer's views, and the function that makes one. */
export interface CompiledView<V> {
  readonly view: ViewConstructor<V>;
  readonly create: (buffer: Uint8Array, offset: number, end: number) => V;
}

/** Lays the fields out in order and checks that the layout is one. */
export function placeFields(layer: string, fields: Fields): { places: FieldPlace[]; size: number } {
  const places: FieldPlace[] = [];
  let bit = 0;
  let dynamics = 0;
  const fail = (name: string, expected: string) =>
    new InvalidValueError(`defineLayer(${layer}): field ${name}`, name, expected);
  for (const [name, field] of Object.entries(fields)) {
    if (field.kind === "dynamic") {
      if (bit % 8 !== 0) throw fail(name, "the fixed fields before it to fill whole bytes");
      places.push({ name, field, bit: dynamics++ });
      continue;
    }
    if (dynamics > 0) throw fail(name, "a dynamic field, as it follows one");
    const wholeBytes = field.kind === "octets" || field.littleEndian;
    if (wholeBytes && bit % 8 !== 0) throw fail(name, "to start at a whole byte");
    if (field.kind === "number" && (bit % 8) + field.width > 32) throw fail(name, "bits that lie within four bytes");
    places.push({ name, field, bit });
    bit += field.width;
  }
  if (bit % 8 !== 0)
    throw fail(Object.keys(fields).at(-1) ?? "", `the layout to end at a whole byte, not at bit ${bit}`);
  return { places, size: bit / 8 };
}

/** The JavaScript expression that reads a number: only byte indexes, so that it needs no DataView and no copy. */
function numberExpression({ field, bit }: FieldPlace): string {
  const first = bit >> 3;
  const count = ((bit + field.width - 1) >> 3) - first + 1;
  const byte = (i: number) => `b[o+${first + i}]`;
  const parts: string[] = [];
  for (let i = 0; i < count; i++) {
    const shift = field.littleEndian ? 8 * i : 8 * (count - 1 - i);
    parts.push(shift === 0 ? byte(i) : `${byte(i)}<<${shift}`);
  }
  let expression = parts.length === 1 ? parts[0]! : `(${parts.join("|")})`;
  const low = field.littleEndian ? 0 : count * 8 - (bit % 8) - field.width;
  if (low > 0) expression = `(${expression}>>>${low})`;
  if (field.width === 32) return `${expression}>>>0`;
  return field.width === count * 8 ? expression : `${expression}&${2 ** field.width - 1}`;
}

/** The same reading without generated code, where `new Function` is forbidden. */
function numberReader({ field, bit }: FieldPlace): (b: Uint8Array, o: number) => number {
  const first = bit >> 3;
  const count = ((bit + field.width - 1) >> 3) - first + 1;
  const low = field.littleEndian ? 0 : count * 8 - (bit % 8) - field.width;
  const mask = field.width === 32 ? 0xffffffff : 2 ** field.width - 1;
  return (b, o) => {
    let value = 0;
    for (let i = 0; i < count; i++) value |= b[o + first + i]! << (field.littleEndian ? 8 * i : 8 * (count - 1 - i));
    return ((value >>> low) & mask) >>> 0;
  };
}

/**
 * One class a protocol, so that every getter sees one hidden class. Only names that `defineLayer` has validated and
 * integers computed here enter the source.
 */
function generateClass(name: string, places: readonly FieldPlace[]): CompiledView<LayerView> {
  const readers = places.map(({ field }) => field.read);
  const getters = places.flatMap((place, i) => {
    if (place.field.kind === "number") {
      return `get ${place.name}(){const b=this.buffer,o=this.offset;return ${numberExpression(place)}}`;
    }
    return place.field.kind === "octets"
      ? `get ${place.name}(){return r${i}(this.buffer,this.offset+${place.bit / 8})}`
      : [];
  });
  const bind = readers.map((_, i) => `r${i}=readers[${i}]`).join(",");
  const source = `"use strict";const ${bind || "none=0"};class ${name}View{constructor(b,o,e){this.buffer=b;this.offset=o;this.end=e}${getters.join("")}}return{view:${name}View,create:(b,o,e)=>new ${name}View(b,o,e)}`;
  return new Function("readers", source)(readers) as CompiledView<LayerView>;
}

function closureClass(places: readonly FieldPlace[]): CompiledView<LayerView> {
  class ClosureView {
    readonly buffer: Uint8Array;
    readonly offset: number;
    readonly end: number;
    constructor(buffer: Uint8Array, offset: number, end: number) {
      this.buffer = buffer;
      this.offset = offset;
      this.end = end;
    }
  }
  for (const place of places) {
    const { field, name, bit } = place;
    if (field.kind === "number") {
      const read = numberReader(place);
      define(ClosureView.prototype, name, (view) => read(view.buffer, view.offset));
    } else if (field.kind === "octets") {
      define(ClosureView.prototype, name, (view) =>
        field.read!(view.buffer, view.offset + bit / 8, view.end, view.offset),
      );
    }
  }
  const view = ClosureView as unknown as ViewConstructor<LayerView>;
  return { view, create: (buffer, offset, end) => new view(buffer, offset, end) };
}

let mayGenerate: boolean | undefined;

/** Whether the page or process allows generated code (a content security policy may not). */
export function canGenerate(): boolean {
  if (mayGenerate === undefined) {
    try {
      mayGenerate = new Function("return true")() === true;
    } catch {
      mayGenerate = false;
    }
  }
  return mayGenerate;
}

/** For tests: forces one of the two ways to make views. */
export function setCodeGeneration(allowed: boolean): void {
  mayGenerate = allowed;
}

/** Compiles the class of a layer's views. */
export function compileView<V extends LayerView>(
  layer: LayerType<V>,
  name: string,
  places: readonly FieldPlace[],
  code: LayerCode,
  derive: Readonly<Record<string, (view: LayerView) => unknown>>,
): CompiledView<V> {
  const compiled = canGenerate() ? generateClass(name, places) : closureClass(places);
  const prototype = compiled.view.prototype as object;
  const dynamics = places.filter(({ field }) => field.kind === "dynamic");
  for (const place of places) {
    if (place.field.kind === "dynamic")
      define(prototype, place.name, (view) => readDynamic(view, place.bit, dynamics, code.size));
  }
  for (const [name, compute] of Object.entries(derive)) define(prototype, name, compute);
  define(prototype, "layer", () => layer);
  define(prototype, "headerLength", (view) => {
    const available = view.end - view.offset;
    const length = code.headerLength === undefined ? code.size : code.headerLength(view.buffer, view.offset, view.end);
    return Math.max(code.size, Math.min(length, available));
  });
  define(prototype, "payload", (view) => {
    const start = view.offset + view.headerLength;
    const total = code.totalLength?.(view.buffer, view.offset, view.end) ?? 0;
    const end = total > 0 ? Math.min(view.end, view.offset + total) : view.end;
    return view.buffer.subarray(start, Math.max(start, end));
  });
  const toJSON = canGenerate() ? generateToJSON(name, places) : closureToJSON;
  Object.defineProperty(prototype, "toJSON", { value: toJSON, configurable: true, writable: true });
  return compiled as unknown as CompiledView<V>;
}

function readDynamic(view: LayerView, index: number, dynamics: readonly FieldPlace[], size: number): unknown {
  const { buffer, offset } = view;
  const end = offset + view.headerLength;
  let at = offset + size;
  for (let i = 0; i <= index; i++) {
    const field = dynamics[i]!.field;
    const stop = field.size ? Math.min(end, at + field.size(buffer, at, end, offset)) : end;
    if (i === index) return field.read!(buffer, at, stop, offset);
    at = stop;
  }
  return undefined;
}

type ToJSON = (this: LayerView) => LayerJSON;

/** Texts of flags are kept up to this many bits. */
const MAX_KEPT_FLAGS = 9;

/** The text of a number's flags; the few combinations that occur are kept. */
function flagTexts({ number, width }: AnyField): (value: number) => string {
  const flags = number!.flags!;
  if (width > MAX_KEPT_FLAGS) return (value) => flagText(value, flags);
  const texts: string[] = [];
  return (value) => {
    texts[value] ??= flagText(value, flags);
    return texts[value];
  };
}

/**
 * `toJSON` of a layer: one object literal, so that all of a layer's objects have one hidden class. Only names that
 * `defineLayer` has validated enter the source.
 */
function generateToJSON(name: string, places: readonly FieldPlace[]): ToJSON {
  const fixed = places.map(({ name: field, field: { kind, number } }, i) => {
    if (kind === "dynamic") return "";
    if (kind === "octets") return `,${field}:plain(this.${field})`;
    return number?.flags === undefined ? `,${field}:this.${field}` : `,${field}:flags[${i}](this.${field})`;
  });
  const dynamic = places.map(({ name: field, field: { kind } }) =>
    kind === "dynamic" ? `{const value=this.${field};if(value!==undefined)json.${field}=plain(value)}` : "",
  );
  const flags = places.map(({ field }) => (field.number?.flags === undefined ? undefined : flagTexts(field)));
  const source = `"use strict";return function(){const json={layer:"${name}"${fixed.join("")}};${dynamic.join("")}return json}`;
  return new Function("plain", "flags", source)(toPlain, flags) as ToJSON;
}

function closureToJSON(this: LayerView): LayerJSON {
  const json: Record<string, unknown> = { layer: this.layer.name };
  const values = this as unknown as Readonly<Record<string, unknown>>;
  for (const { name, field } of this.layer.places) {
    const value = values[name];
    if (value === undefined) continue;
    const flags = field.number?.flags;
    json[name] = flags !== undefined ? flagText(value as number, flags) : toPlain(value);
  }
  return json as LayerJSON;
}

/** Plain JSON data: bytes as hexadecimal text, bigints as decimal text. What is plain already is not copied. */
export function toPlain(value: unknown): unknown {
  if (typeof value === "string" || isPlain(value)) return value;
  if (value instanceof Uint8Array) return toHex(value);
  if (typeof value === "bigint") return value.toString();
  if (Array.isArray(value)) return value.map(toPlain);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, item]) => (item === undefined ? [] : [[key, toPlain(item)]])),
    );
  }
  return value;
}

function isPlain(value: unknown): boolean {
  if (typeof value !== "object" || value === null)
    return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
  if (Array.isArray(value)) {
    for (const item of value) if (!isPlain(item)) return false;
    return true;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return false;
  for (const key in value) if (!isPlain((value as Record<string, unknown>)[key])) return false;
  return true;
}

function define(prototype: object, name: string, get: (view: LayerView) => unknown): void {
  Object.defineProperty(prototype, name, {
    get(this: LayerView) {
      return get(this);
    },
    enumerable: true,
    configurable: true,
  });
}
