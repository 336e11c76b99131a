import { LinkType } from "../container/interface.ts";
import { checkInteger, InvalidValueError } from "../errors.ts";
import { parseNumber } from "../field.ts";
import type { PacketJSON } from "../format/json.ts";
import { fromHex } from "../hex.ts";
import { findLayer, type LayerSpec, type LayerType } from "../layer.ts";
import { linkTypes } from "../layers/tables.ts";
import { Packet } from "../packet.ts";
import type { Timestamp } from "../timestamp.ts";
import type { FieldPlace } from "../view-class.ts";
import { ByteWriter } from "./byte-writer.ts";
import type { BuildContext } from "./context.ts";
import { fragmentStack } from "./fragment.ts";

/** A part of a packet to build: a layer, or the bytes (or UTF-8 text) above the last layer. */
export type StackPart = LayerSpec | Uint8Array | string;

/** One layer while the packet is put together. */
interface Placed {
  readonly spec: LayerSpec;
  readonly values: Readonly<Record<string, unknown>>;
  readonly header: Uint8Array;
  readonly trailer: Uint8Array;
}

/** Layers around a payload, outermost first. Nothing is computed until `bytes()`. */
export class Stack {
  readonly layers: readonly LayerSpec[];
  readonly payload: Uint8Array;

  /** @internal */
  constructor(layers: readonly LayerSpec[], payload: Uint8Array) {
    this.layers = layers;
    this.payload = payload;
  }

  /** LINKTYPE_ number of the outermost layer: what a file that holds the packet must say. */
  get linkType(): number {
    const first = this.layers[0]?.layer;
    return linkTypes.keyOf(first) ?? (first === undefined ? LinkType.RAW : LinkType.ETHERNET);
  }

  /**
   * The packet. Lengths, checksums, counts and next-protocol numbers that were not given are computed; what was given
   * is kept, right or wrong. Throws an `InvalidValueError` that names the layer and the field for a value that does
   * not fit.
   */
  bytes(): Uint8Array {
    return assemble(this.layers.map(place), this.payload);
  }

  /** The built packet, to read or to write to a capture. */
  packet(options: { readonly time?: Date | number | bigint | Timestamp } = {}): Packet {
    return Packet.from(this.bytes(), { ...options, linkType: this.linkType });
  }

  /**
   * The packet in IP fragments of at most `mtu` bytes each, link layer not counted (RFC 791 section 3.2, RFC 8200
   * section 4.5); one element when it fits. Throws an `InvalidValueError` without an IP layer, for IPv4 with "don't
   * fragment" set, or when `mtu` has no room for eight bytes of payload.
   */
  fragment(mtu: number): Uint8Array[] {
    checkInteger("fragment(mtu)", mtu, 28, 65535);
    return fragmentStack(this, mtu);
  }

  summary(): string {
    return this.packet({ time: 0 }).summary();
  }
  show(): string {
    return this.packet({ time: 0 }).show();
  }
}

/**
 * Puts layers around each other, outermost first: `stack(Ethernet(), IPv4({ dst }), UDP({ dport: 53 }), payload)`.
 * Throws an `InvalidValueError` when bytes stand before a layer.
 */
export function stack(...parts: readonly StackPart[]): Stack {
  const layers: LayerSpec[] = [];
  let payload: Uint8Array | undefined;
  for (const part of parts) {
    if (payload !== undefined) throw new InvalidValueError("stack(…)", part, "nothing behind the payload");
    if (typeof part === "string") payload = new TextEncoder().encode(part);
    else if (part instanceof Uint8Array) payload = part;
    else if (typeof part === "object" && part !== null && typeof part.layer === "function") layers.push(part);
    else throw new InvalidValueError("stack(…)", part, "a layer such as IPv4({ … }), a Uint8Array or text");
  }
  return new Stack(layers, payload ?? new Uint8Array(0));
}

/** What `build` needs of a packet's JSON. */
export type BuildInput = Pick<PacketJSON, "layers"> & { readonly payload?: string };

/** How `build` treats computed fields. */
export interface BuildOptions {
  /** Compute lengths, checksums, counts and next-protocol numbers anew, as after a change. Default false. */
  readonly recompute?: boolean;
}

/** The stack of a packet's JSON. Throws an `InvalidValueError` for a layer that is not defined. */
export function fromJSON(json: BuildInput, options: BuildOptions = {}): Stack {
  const types = json.layers.map(({ layer }) => {
    const type = findLayer(layer);
    if (type === undefined) throw new InvalidValueError("layers", layer, "the name of a defined layer");
    return type;
  });
  const specs = json.layers.map(({ layer: _name, trailer, ...values }, i): LayerSpec => {
    const layer = types[i]!;
    const kept = options.recompute ? withoutComputed(layer, values, types[i + 1]) : values;
    const spec = { layer, values: kept, fallback: values };
    return trailer === undefined ? spec : { ...spec, trailer: fromHex(trailer) };
  });
  return new Stack(specs, fromHex(json.payload ?? ""));
}

/**
 * The bytes of a packet given as its JSON: `build(JSON.parse(JSON.stringify(packet)))` gives the packet again. With
 * `recompute`, computed fields follow the rest, so that a changed packet is a valid one.
 */
export function build(json: BuildInput, options: BuildOptions = {}): Uint8Array {
  return fromJSON(json, options).bytes();
}

function withoutComputed(
  layer: LayerType,
  values: Readonly<Record<string, unknown>>,
  next: LayerType | undefined,
): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const { name, field } of layer.places) {
    const { options } = field;
    const value = values[name];
    if (value === undefined) continue;
    const keeps = options.suggested || (options.needsNext && (next === undefined || options.announces?.(value, next)));
    if (options.auto === undefined || keeps) kept[name] = value;
  }
  return kept;
}

/** Writes the dynamic fields and keeps room for the fixed ones. */
function place(spec: LayerSpec): Placed {
  const { layer } = spec;
  const values: Record<string, unknown> = {};
  for (const { name, field } of layer.places) {
    const given = spec.values[name];
    values[name] = given === undefined ? field.options.default : given;
  }
  const out = new ByteWriter();
  out.fill(layer.code.size);
  for (const { name, field } of layer.places) {
    if (field.kind !== "dynamic") continue;
    if (field.options.auto !== undefined && values[name] === undefined) {
      out.put(placeholder(field, values));
      continue;
    }
    // An optional field that is not given takes no bytes.
    if (values[name] === undefined) continue;
    guard(layer, name, values[name], () => field.write!(out, values[name], values));
  }
  out.align(layer.definition.align ?? 1);
  const trailer = typeof spec.trailer === "string" ? fromHex(spec.trailer) : (spec.trailer ?? new Uint8Array(0));
  return { spec, values, header: out.bytes.slice(), trailer };
}

/** A computed dynamic field gets its size now and its value when the payload is there. */
function placeholder(field: FieldPlace["field"], values: Readonly<Record<string, unknown>>): Uint8Array {
  const out = new ByteWriter();
  field.write!(out, 0, values);
  return out.bytes;
}

function assemble(placed: readonly Placed[], payload: Uint8Array): Uint8Array {
  const size = placed.reduce((sum, { header, trailer }) => sum + header.length + trailer.length, payload.length);
  const buffer = new Uint8Array(size);
  const spans: { offset: number; end: number }[] = [];
  let offset = 0;
  let end = size;
  for (const { header, trailer } of placed) {
    end -= trailer.length;
    buffer.set(header, offset);
    buffer.set(trailer, end);
    spans.push({ offset, end });
    offset += header.length;
  }
  buffer.set(payload, offset);
  // Inner layers first: outer checksums cover them.
  for (let i = placed.length - 1; i >= 0; i--) {
    const { values, header } = placed[i]!;
    const context: BuildContext = {
      buffer,
      ...spans[i]!,
      headerLength: header.length,
      values,
      next: placed[i + 1]?.spec.layer,
      previous: placed[i - 1]?.spec.layer,
      pseudoHeader: (protocol, length) => pseudoHeader(placed, i, protocol, length),
    };
    fill(placed[i]!, context);
  }
  return buffer;
}

/** Writes given values first, then computed ones in the order of the fields: a checksum finds the rest complete. */
function fill({ spec, values }: Placed, context: BuildContext): void {
  const { layer } = spec;
  const { buffer, offset } = context;
  for (const place of layer.places) {
    if (place.field.kind === "dynamic" || isComputed(place, spec)) continue;
    putFixed(buffer, offset, layer, place, values[place.name]);
  }
  for (const place of layer.places) {
    if (!isComputed(place, spec)) continue;
    const value = place.field.options.auto!(context) ?? spec.fallback?.[place.name] ?? place.field.options.default;
    if (place.field.kind === "dynamic") putDynamic(context, layer, place, value, values);
    else putFixed(buffer, offset, layer, place, value);
  }
  layer.definition.finish?.(context);
}

function isComputed({ name, field }: FieldPlace, spec: LayerSpec): boolean {
  return field.options.auto !== undefined && spec.values[name] === undefined;
}

function putFixed(
  buffer: Uint8Array,
  offset: number,
  layer: LayerType,
  { name, field, bit }: FieldPlace,
  value: unknown,
): void {
  if (field.kind === "octets") {
    const out = new ByteWriter();
    guard(layer, name, value, () => field.write!(out, value, {}));
    if (out.length !== field.width / 8)
      throw new InvalidValueError(`${layer.name}.${name}`, value, `${field.width / 8} bytes`);
    buffer.set(out.bytes, offset + bit / 8);
    return;
  }
  let number = parseNumber(`${layer.name}.${name}`, value ?? 0, field.number ?? {}, field.width);
  if (field.littleEndian) {
    for (let i = 0; i < field.width / 8; i++) buffer[offset + bit / 8 + i] = number >>> (8 * i);
    return;
  }
  // From the last bit backwards, a byte at a time, leaving the neighbours' bits alone.
  for (let last = bit + field.width - 1, left = field.width; left > 0; ) {
    const at = offset + (last >> 3);
    const shift = 7 - (last & 7);
    const take = Math.min(left, 8 - shift);
    const mask = ((1 << take) - 1) << shift;
    buffer[at] = (buffer[at]! & ~mask) | ((number << shift) & mask);
    number = Math.floor(number / 2 ** take);
    last -= take;
    left -= take;
  }
}

function putDynamic(
  context: BuildContext,
  layer: LayerType,
  place: FieldPlace,
  value: unknown,
  values: Readonly<Record<string, unknown>>,
): void {
  const out = new ByteWriter();
  guard(layer, place.name, value, () => place.field.write!(out, value, values));
  const { buffer, offset, headerLength } = context;
  let at = offset + layer.code.size;
  for (const each of layer.places) {
    if (each.field.kind !== "dynamic") continue;
    if (each === place) break;
    at += each.field.size?.(buffer, at, offset + headerLength, offset) ?? 0;
  }
  buffer.set(out.bytes, at);
}

function pseudoHeader(placed: readonly Placed[], index: number, protocol: number, length: number): number {
  const moved: { src?: string; dst?: string } = {};
  for (let i = index - 1; i >= 0; i--) {
    const { spec, values } = placed[i]!;
    const { definition } = spec.layer;
    if (definition.pseudoAddresses !== undefined) Object.assign(moved, definition.pseudoAddresses(values));
    if (definition.pseudoHeader !== undefined)
      return definition.pseudoHeader({ ...values, ...moved }, protocol, length);
  }
  return 0;
}

/** Errors of a field's writer name the layer and the field. */
function guard(layer: LayerType, name: string, value: unknown, write: () => void): void {
  try {
    write();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw Object.assign(
      new InvalidValueError(`${layer.name}.${name}`, value, error.message.replace(/^[^:]*: expected |, got .*$/g, "")),
      { cause: error },
    );
  }
}
