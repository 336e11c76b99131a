import type { BuildContext } from "./build/context.ts";
import { InvalidValueError } from "./errors.ts";
import type { Field } from "./field.ts";
import type { StepParts } from "./step.ts";
import { compileView, type FieldPlace, placeFields } from "./view-class.ts";

/** A field of any type. */
export type AnyField = Field<unknown, unknown>;
/** Fields in the order of the wire. */
export type Fields = Readonly<Record<string, AnyField>>;
/** What a view has for each field. */
export type FieldValues<F extends Fields> = {
  readonly [K in keyof F]: F[K] extends Field<infer Value, infer _> ? Value : never;
};
/** What building takes for each field. */
export type FieldInputs<F extends Fields> = {
  readonly [K in keyof F]?: F[K] extends Field<infer _, infer Input> ? Input : never;
};
/** Results of a definition's `derive` functions. */
export type Derived<D> = { readonly [K in keyof D]: D[K] extends (view: never) => infer R ? R : never };

/** A layer of a packet: reads its fields from the packet's bytes each time they are asked for. Never throws. */
export interface LayerView {
  /** The bytes that hold the packet, and others. */
  readonly buffer: Uint8Array;
  /** Where the layer's header starts in `buffer`. */
  readonly offset: number;
  /** Where the bytes that the layer below left to it end in `buffer`. */
  readonly end: number;
  readonly layer: LayerType;
  /** Bytes of the header that are there. */
  readonly headerLength: number;
  /** What the header leaves, up to the length that the header gives; shares memory with the packet. */
  readonly payload: Uint8Array;
  /** Every field as plain JSON data; `layer` is the name. Bytes are hexadecimal text, 64-bit numbers decimal text. */
  toJSON(): LayerJSON;
}

/** A layer as plain data, as `build` accepts it. */
export interface LayerJSON {
  readonly layer: string;
  /** Hexadecimal bytes behind the payload, e.g. Ethernet padding. */
  readonly trailer?: string;
  readonly [field: string]: unknown;
}

/** A layer with the values given to build it. Made by calling a layer: `IPv4({ dst: "192.0.2.1" })`. */
export interface LayerSpec {
  readonly layer: LayerType;
  readonly values: Readonly<Record<string, unknown>>;
  /** Values of computed fields for when they cannot be computed. */
  readonly fallback?: Readonly<Record<string, unknown>>;
  /** Bytes behind the layer's payload. */
  readonly trailer?: Uint8Array;
}

/** What decoding needs of a layer, in one hidden class. */
export type LayerCode = StepParts;

/** Looks at the fixed fields at `offset`, of which all are there. */
export type Accepts = (buffer: Uint8Array, offset: number) => boolean;

/** Reads a length from the fixed fields at `offset`, of which all are there; `end` is the end of the bytes. */
export type HeaderLength = (buffer: Uint8Array, offset: number, end: number) => number;
/** Finds the layer in `[payload, end)` of a header at `offset`, or its id; the whole header is there. It must not ask a packet for its layers. */
export type Next = (buffer: Uint8Array, offset: number, payload: number, end: number) => LayerType | number | undefined;

/** A protocol: call it to build one, pass it to `packet.get` to read one. */
// `never` lets every concrete layer stand where any layer is accepted.
export interface LayerType<V extends LayerView = LayerView, Input = never> {
  (values?: Input & { readonly trailer?: Uint8Array | string }): LayerSpec;
  readonly name: string;
  /** A small number, unique in this process. */
  readonly id: number;
  readonly fields: Fields;
  readonly places: readonly FieldPlace[];
  readonly code: LayerCode;
  readonly definition: AnyDefinition;
  /** The view of a header at `offset`. At least `code.size` bytes must be there. */
  readonly view: new (
    buffer: Uint8Array,
    offset: number,
    end: number,
  ) => V;
  /** The view of a header at the start of `bytes`, or `undefined` when they are too few. */
  decode(bytes: Uint8Array): V | undefined;
}

/** Parts of a definition that do not depend on the types of its fields. */
export interface AnyDefinition {
  readonly name: string;
  /**
   * Bytes of the header, read from its fixed fields. By default the fixed fields and, with dynamic fields, their
   * sizes. A result below the fixed size marks the packet as malformed, one above what is there as truncated.
   */
  readonly headerLength?: HeaderLength;
  /** Bytes of header and payload; what follows them is the trailer of the layer below. 0 or less: not said. */
  readonly totalLength?: HeaderLength;
  /** Which layer follows. */
  readonly next?: Next;
  /** False refuses the bytes: they are payload of the layer below, and the packet's error is `bad-version`. */
  readonly accepts?: Accepts;
  /** The header is filled with zeros to a multiple of this when built. Default 1. */
  readonly align?: number;
  /** Called when the layer and all inner ones are built, after its computed fields: writes what depends on them. */
  finish?(context: BuildContext): void;
  /** Seed of a transport checksum, for layers that have addresses. */
  pseudoHeader?(values: Readonly<Record<string, unknown>>, protocol: number, length: number): number;
  /** Addresses that stand in a pseudo-header instead of the IP header's, for extension headers that move them. */
  pseudoAddresses?(values: Readonly<Record<string, unknown>>): { readonly src?: string; readonly dst?: string };
}

/** What `defineLayer` takes. */
export interface LayerDefinition<F extends Fields, D> extends AnyDefinition {
  /** Fixed fields first, then dynamic ones, in the order of the wire. */
  readonly fields: F;
  /** Further getters of the view, computed from its fields. */
  readonly derive?: D & Readonly<Record<string, (view: LayerView & FieldValues<F>) => unknown>>;
  /** What the layer adds to a packet's one-line summary. */
  summary?(view: LayerView & FieldValues<F> & Derived<D>): string;
}

/** Layers by id; index 0 is unused so that 0 can mean none. */
export const layerById: (LayerType | undefined)[] = [undefined];
const layerByName = new Map<string, LayerType>();

/** The layer called `name`. */
export function findLayer(name: string): LayerType | undefined {
  return layerByName.get(name);
}

const NAME = /^[A-Za-z][A-Za-z0-9]*$/;
const RESERVED = new Set([
  "buffer",
  "offset",
  "end",
  "layer",
  "headerLength",
  "payload",
  "trailer",
  "toJSON",
  "constructor",
  "prototype",
]);
/** Fixed headers above this are not the shape of any protocol; the limit bounds what is generated. */
const MAX_FIXED_BYTES = 1024;

/**
 * Defines a protocol from its byte layout; decoding, building and showing all follow from it.
 *
 * Throws an `InvalidValueError` for a name that is taken or not an identifier, for fields that do not fill whole
 * bytes, and for a fixed field behind a dynamic one.
 */
export function defineLayer<const F extends Fields, const D = Record<never, never>>(
  definition: LayerDefinition<F, D>,
): LayerType<LayerView & FieldValues<F> & Derived<D>, FieldInputs<F>> {
  const { name, fields } = definition;
  if (!NAME.test(name)) throw new InvalidValueError("defineLayer: name", name, "letters and digits, a letter first");
  if (layerByName.has(name)) throw new InvalidValueError("defineLayer: name", name, "a name that no layer has yet");
  const derive: Readonly<Record<string, (view: LayerView & FieldValues<F>) => unknown>> = definition.derive ?? {};
  for (const key of [...Object.keys(fields), ...Object.keys(derive)]) {
    if (!NAME.test(key) || RESERVED.has(key)) {
      throw new InvalidValueError(
        `defineLayer(${name}): field name`,
        key,
        `letters and digits, not one of ${[...RESERVED].join(", ")}`,
      );
    }
  }
  const { places, size } = placeFields(name, fields);
  if (size > MAX_FIXED_BYTES)
    throw new InvalidValueError(`defineLayer(${name})`, size, `at most ${MAX_FIXED_BYTES} bytes of fixed fields`);

  const dynamics = places.filter((place) => place.field.kind === "dynamic");
  const headerLength = definition.headerLength ?? (dynamics.length > 0 ? sumOfSizes(size, dynamics) : undefined);
  const code: { -readonly [K in keyof LayerCode]: LayerCode[K] } = {
    id: layerById.length,
    size,
    headerLength,
    totalLength: definition.totalLength,
    accepts: definition.accepts,
    next: definition.next,
    create: () => {
      throw new TypeError("no view yet");
    },
  };
  // A computed key names the function; defining `name` on it would make its properties slow to read.
  const created = { [name]: (values: Readonly<Record<string, unknown>> = {}): LayerSpec => createSpec(layer, values) }[
    name
  ];
  const layer = created as unknown as LayerType<LayerView & FieldValues<F> & Derived<D>, FieldInputs<F>>;
  const { view, create } = compileView(
    layer,
    name,
    places,
    code,
    derive as Readonly<Record<string, (view: LayerView) => unknown>>,
  );
  code.create = create;
  Object.assign(layer, {
    id: code.id,
    fields,
    places,
    code,
    definition,
    view,
    decode: (bytes: Uint8Array) => (bytes.length < size ? undefined : new view(bytes, 0, bytes.length)),
  });
  layerById.push(layer);
  layerByName.set(name, layer);
  return layer;
}

function sumOfSizes(fixed: number, dynamics: readonly FieldPlace[]): HeaderLength {
  return (buffer, offset, end) => {
    let at = offset + fixed;
    for (const { field } of dynamics) at = field.size ? Math.min(end, at + field.size(buffer, at, end, offset)) : end;
    return at - offset;
  };
}

function createSpec(layer: LayerType, values: Readonly<Record<string, unknown>>): LayerSpec {
  const { trailer, ...rest } = values;
  for (const key of Object.keys(rest)) {
    if (!Object.hasOwn(layer.fields, key)) {
      throw new InvalidValueError(`${layer.name}({ ${key} })`, key, `one of ${Object.keys(layer.fields).join(", ")}`);
    }
  }
  return trailer === undefined ? { layer, values: rest } : { layer, values: rest, trailer: trailer as Uint8Array };
}
