/** What a packet of the chat says, in words: the payload of its TCP segment as lines or as WebSocket frames. */
import { HTTP, type Packet, TCP, TLS } from "@sockeye/pcap-decode";
import { looksLikeFrame, unmasked, WebSocketFrame, type WebSocketView } from "./web-socket-layer.ts";

/** A segment has at most 64 KiB, and the smallest frame two bytes; nobody reads so many. */
const MAX_FRAMES = 64;
const MAX_TEXT = 2_000;

const utf8 = new TextDecoder("utf-8", { fatal: true });

function decode(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The bytes of a TCP segment that no layer of the decoder claims. */
function segment(packet: Packet): Uint8Array | undefined {
  if (!packet.has(TCP) || packet.has(TLS) || packet.has(HTTP)) return undefined;
  const { payload } = packet;
  return payload.length === 0 ? undefined : payload;
}

/** The WebSocket frames of a packet, when its segment is made of them; the last may go on in the next packet. */
export function framesOf(packet: Packet): WebSocketView[] {
  const bytes = segment(packet);
  if (bytes === undefined) return [];
  const frames: WebSocketView[] = [];
  for (let at = 0; at < bytes.length && frames.length < MAX_FRAMES; ) {
    const rest = bytes.subarray(at);
    const frame = WebSocketFrame.decode(rest);
    if (frame === undefined || !looksLikeFrame(frame, rest.length)) return [];
    frames.push(frame);
    at += frame.headerLength + frame.payloadLength;
  }
  return frames;
}

/** What a packet says; undefined when it is not text. */
export function saidIn(packet: Packet): string | undefined {
  const bytes = segment(packet);
  if (bytes === undefined) return undefined;
  const plain = looksLikeText(bytes) ? decode(bytes) : undefined;
  const text = plain ?? framesOf(packet).map(frameText).join("  ");
  return text === "" ? undefined : text.trimEnd().slice(0, MAX_TEXT);
}

function frameText(frame: WebSocketView): string {
  if (frame.opcode === 1) return decode(unmasked(frame)) ?? `text of ${frame.payloadLength} bytes, in part`;
  return frame.opcode === 2 ? `binary of ${frame.payloadLength} bytes` : "";
}

/** A line of the chat: no control characters but the ends of lines. A frame begins with a byte that no text begins with. */
function looksLikeText(bytes: Uint8Array): boolean {
  const first = bytes[0]!;
  return first < 0x80 && bytes.every((byte) => byte >= 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09);
}
