import { formatNumber, type NumberOptions } from "../field.ts";
import { toHex } from "../hex.ts";
import type { AnyField, LayerView } from "../layer.ts";
import type { Packet } from "../packet.ts";
import { toPlain } from "../view-class.ts";
import { escapeText, shorten } from "./escape.ts";
import { layerSummary } from "./summary.ts";

/** Longest value on one line of `show()`. */
const MAX_VALUE = 400;

/** A packet's layers and fields, one field a line. */
export function packetTree(packet: Packet): string {
  const { capturedLength, originalLength, error } = packet;
  const size =
    capturedLength === originalLength ? `${capturedLength} bytes` : `${capturedLength} of ${originalLength} bytes`;
  const lines = [`Packet  ${packet.time.toISOString()}  ${size}`];
  for (const comment of packet.comments) lines.push(`  comment  ${escapeText(comment)}`);
  for (const view of packet.layers) lines.push(layerTree(view));
  const { payload } = packet;
  if (payload.length > 0)
    lines.push(`Payload  ${payload.length} bytes`, `  ${shorten(escapeText(printable(payload)), 76)}`);
  if (error !== undefined) lines.push(`Error  ${error.layer} at byte ${error.offset}: ${error.code}`);
  return lines.join("\n");
}

/** One layer's heading and fields. */
function layerTree(view: LayerView): string {
  const places = view.layer.places;
  const width = Math.max(0, ...places.map((place) => place.name.length));
  const values = view as unknown as Readonly<Record<string, unknown>>;
  const summary = layerSummary(view);
  const lines = [summary === "" ? view.layer.name : `${view.layer.name}  ${summary}`];
  for (const { name, field } of places) {
    const value = values[name];
    if (value === undefined) continue;
    for (const [i, text] of valueLines(value, field).entries()) {
      lines.push(`  ${(i === 0 ? name : "").padEnd(width)}  ${shorten(escapeText(text), MAX_VALUE)}`);
    }
  }
  return lines.join("\n");
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

function printable(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < Math.min(bytes.length, 80); i++) {
    text += bytes[i]! >= 0x20 && bytes[i]! < 0x7f ? String.fromCharCode(bytes[i]!) : ".";
  }
  return text;
}
