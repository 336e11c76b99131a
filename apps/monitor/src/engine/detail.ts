/** A packet opened up: its tree, with the bytes that each line was read from. */
import { describeLayer, escapeText, type Packet, summaryParts } from "@sockeye/pcap-decode";

/** A line of the tree; `[start, end)` are bytes of the packet. */
export interface TreeLine {
  readonly depth: 0 | 1;
  readonly name: string;
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

export interface Detail {
  readonly number: number;
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly originalLength: number;
  readonly summary: string;
  readonly bytes: Uint8Array;
  readonly lines: readonly TreeLine[];
}

/** Most bytes that are sent to the page for the hexadecimal view; captured packets can have megabytes. */
export const MAX_SHOWN_BYTES = 65_536;
/** Most lines of a tree: a packet can be full of records. */
export const MAX_LINES = 2000;

/** Opens a packet up. */
export function detail(packet: Packet, number: number): Detail {
  const lines: TreeLine[] = [];
  const views = packet.layers;
  const { offset, capturedLength } = packet;
  for (const view of views) {
    const start = view.offset - offset;
    const end = Math.min(capturedLength, start + view.headerLength);
    const fields = describeLayer(view);
    lines.push({ depth: 0, name: view.layer.name, text: layerText(fields), start, end });
    for (const field of fields) {
      for (const [i, text] of field.texts.entries()) {
        lines.push({
          depth: 1,
          name: i === 0 ? field.name : "",
          text,
          start: field.start - offset,
          end: field.end - offset,
        });
      }
      if (lines.length > MAX_LINES) break;
    }
  }
  const { payload } = packet;
  if (payload.length > 0) {
    const start = payload.byteOffset - packet.buffer.byteOffset - offset;
    lines.push({ depth: 0, name: "Payload", text: sizeText(payload.length), start, end: start + payload.length });
  }
  if (packet.error !== undefined) {
    const { layer, offset: at, code } = packet.error;
    lines.push({ depth: 0, name: "Error", text: `${layer} at byte ${at}: ${code}`, start: at, end: capturedLength });
  }
  return {
    number,
    seconds: packet.seconds,
    nanoseconds: packet.nanoseconds,
    originalLength: packet.originalLength,
    summary: packet.summary(),
    bytes: packet.bytes.slice(0, MAX_SHOWN_BYTES),
    lines: lines.length > MAX_LINES ? lines.slice(0, MAX_LINES) : lines,
  };
}

/** Who talks to whom, in a layer's heading. */
function layerText(fields: ReturnType<typeof describeLayer>): string {
  const text = (name: string) => fields.find((field) => field.name === name)?.texts[0];
  const [from, to] = [text("src") ?? text("sport"), text("dst") ?? text("dport")];
  return from === undefined || to === undefined ? "" : `${from} → ${to}`;
}

function sizeText(size: number): string {
  return `${size} byte${size === 1 ? "" : "s"}`;
}

/** The last column of the list. */
export function infoText(packet: Packet): string {
  const { details, payload, error } = summaryParts(packet);
  const parts = [details, payload > 0 ? sizeText(payload) : "", error];
  return parts.filter(Boolean).join("  ").slice(0, MAX_INFO);
}

/** Characters of the last column; the rest is in the tree. */
const MAX_INFO = 300;

/** Text of an address column. */
export function endText(address: string, port: number): string {
  if (port < 0) return escapeText(address);
  return address.includes(":") ? `[${escapeText(address)}]:${port}` : `${escapeText(address)}:${port}`;
}
