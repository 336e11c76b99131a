import { formatNumber, type NumberOptions } from "../field.ts";
import { toHex } from "../hex.ts";
import type { AnyField, LayerView } from "../layer.ts";
import { toPlain } from "../view-class.ts";
import { escapeText, shorten } from "./escape.ts";

/** A field of a layer as people read it, and where it is. */
export interface FieldText {
  readonly name: string;
  /** One text a line; control characters are escaped. */
  readonly texts: readonly string[];
  /** The field is in the bytes `[start, end)` of the view's buffer; fields of a few bits share bytes. */
  readonly start: number;
  readonly end: number;
}

/** Longest text of a value. */
const MAX_VALUE = 400;

/** The fields of a layer that have a value, in the order of the wire, with the bytes of each: for tree views. */
export function describeLayer(view: LayerView): FieldText[] {
  const { buffer, offset, layer } = view;
  const header = Math.min(view.end, offset + view.headerLength);
  const values = view as unknown as Readonly<Record<string, unknown>>;
  const fields: FieldText[] = [];
  let dynamic = offset + layer.code.size;
  for (const { name, field, bit } of layer.places) {
    let start = offset + (bit >> 3);
    let end = offset + ((bit + field.width + 7) >> 3);
    if (field.kind === "dynamic") {
      start = dynamic;
      end = field.size ? Math.max(start, Math.min(header, start + field.size(buffer, start, header, offset))) : header;
      dynamic = end;
    }
    const value = values[name];
    if (value === undefined) continue;
    const texts = valueLines(value, field).map((text) => shorten(escapeText(text), MAX_VALUE));
    fields.push({ name, texts, start, end });
  }
  return fields;
}

function valueLines(value: unknown, field: AnyField): string[] {
  if (field.format !== undefined) {
    const text = field.format(value);
    return typeof text === "string" ? [text] : text;
  }
  if (field.kind === "number") return [formatNumber(value as number, field.number as NumberOptions, field.width)];
  if (Array.isArray(value)) return value.length === 0 ? ["none"] : value.map(itemText);
  return [itemText(value)];
}

function itemText(value: unknown): string {
  if (value instanceof Uint8Array) return value.length === 0 ? "empty" : toHex(value.subarray(0, MAX_VALUE));
  if (typeof value === "object" && value !== null) {
    return Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(
        ([key, item]) =>
          `${key}=${typeof item === "object" && !(item instanceof Uint8Array) ? JSON.stringify(toPlain(item)) : itemText(item)}`,
      )
      .join(" ");
  }
  return String(value);
}
