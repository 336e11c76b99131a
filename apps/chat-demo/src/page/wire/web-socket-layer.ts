/** WebSocket frames (RFC 6455), which the chat's own packets carry: a protocol of one's own for the decoder. */
import { bits, defineLayer, dynamic, type LayerView, variableBytes } from "@sockeye/pcap-decode";

const OPCODES: Readonly<Record<number, string>> = {
  0: "continuation",
  1: "text",
  2: "binary",
  8: "close",
  9: "ping",
  10: "pong",
};

/** The length in seven bits, or what stands instead of it for longer frames (section 5.2). */
function extendedSize(length: number): number {
  return length === 126 ? 2 : length === 127 ? 8 : 0;
}

function readNumber(b: Uint8Array, at: number, end: number): number {
  let value = 0;
  for (let i = at; i < end; i++) value = value * 256 + b[i]!;
  return value;
}

export const WebSocketFrame = defineLayer({
  name: "WebSocket",
  fields: {
    fin: bits(1),
    reserved: bits(3),
    opcode: bits(4, { names: OPCODES }),
    masked: bits(1),
    length: bits(7),
    extendedLength: dynamic<number | undefined, number>({
      size: (b, _at, _end, start) => extendedSize(b[start + 1]! & 127),
      read: (b, at, end) => (end > at ? readNumber(b, at, end) : undefined),
      write: (out, value) => out.u16(value ?? 0),
    }),
    maskingKey: variableBytes((b, _at, _end, start) => (b[start + 1]! & 128 ? 4 : 0)),
  },
  derive: {
    /** Bytes of the frame's payload, of which this packet may hold the first only. */
    payloadLength: (view) => (view.length < 126 ? view.length : (view.extendedLength ?? 0)),
  },
  totalLength: (b, o, end) => {
    const header = 2 + extendedSize(b[o + 1]! & 127) + (b[o + 1]! & 128 ? 4 : 0);
    const length = b[o + 1]! & 127;
    const extended = o + 2 + extendedSize(length);
    return header + (length < 126 ? length : extended <= end ? readNumber(b, o + 2, extended) : 0);
  },
  summary: (view) => `${OPCODES[view.opcode] ?? view.opcode} ${view.payloadLength} bytes`,
});

export type WebSocketView = NonNullable<ReturnType<(typeof WebSocketFrame)["decode"]>>;

/** What a frame carries, without its mask; a copy. */
export function unmasked({ maskingKey, payload }: Pick<WebSocketView, "maskingKey"> & LayerView): Uint8Array {
  const bytes = payload.slice();
  if (maskingKey.length === 4) for (let i = 0; i < bytes.length; i++) bytes[i]! ^= maskingKey[i & 3]!;
  return bytes;
}

/** Whether bytes can be the start of a frame of the chat, which uses no extension. */
export function looksLikeFrame(view: WebSocketView, available: number): boolean {
  if (view.reserved !== 0 || !(view.opcode in OPCODES)) return false;
  const control = view.opcode >= 8;
  if (control && (view.fin === 0 || view.length > 125)) return false;
  return view.headerLength <= available;
}
