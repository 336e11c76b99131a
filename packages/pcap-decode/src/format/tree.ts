import type { LayerView } from "../layer.ts";
import type { Packet } from "../packet.ts";
import { describeLayer } from "./describe.ts";
import { escapeText, shorten } from "./escape.ts";
import { layerSummary } from "./summary.ts";

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
  const width = Math.max(0, ...view.layer.places.map((place) => place.name.length));
  const summary = layerSummary(view);
  const lines = [summary === "" ? view.layer.name : `${view.layer.name}  ${summary}`];
  for (const { name, texts } of describeLayer(view)) {
    for (const [i, text] of texts.entries()) lines.push(`  ${(i === 0 ? name : "").padEnd(width)}  ${text}`);
  }
  return lines.join("\n");
}

function printable(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < Math.min(bytes.length, 80); i++) {
    text += bytes[i]! >= 0x20 && bytes[i]! < 0x7f ? String.fromCharCode(bytes[i]!) : ".";
  }
  return text;
}
