import { bits, dynamic, u8, u16 } from "../field.ts";
import { fromHex, toHex } from "../hex.ts";
import { defineLayer, type LayerType } from "../layer.ts";
import { payloadLength } from "./computed.ts";
import type { TypeAndData } from "./content.ts";
import { pppProtocols } from "./tables.ts";

/** Bytes of address and control, which links may leave out (RFC 1661 section 6.6). */
function framing(b: Uint8Array, o: number, end: number): number {
  return end - o >= 2 && b[o] === 0xff && b[o + 1] === 3 ? 2 : 0;
}

/** A protocol number has two bytes unless the first is odd (RFC 1661 section 2). */
function protocolLength(b: Uint8Array, at: number): number {
  return b[at]! & 1 ? 1 : 2;
}

/** Point-to-point protocol (RFC 1661), with or without address and control. */
export const PPP = defineLayer({
  name: "PPP",
  fields: {
    framing: dynamic<string | undefined, string>({
      size: (b, at, end) => framing(b, at, end),
      read: (b, at, end) => (end > at ? toHex(b, at, end) : undefined),
      write: (out, value) => out.put(fromHex(value ?? "")),
    }),
    /** Set when the protocol number was sent in one byte. It takes no bytes of its own. */
    compressed: dynamic<true | undefined>({
      size: () => 0,
      read: (b, at) => (protocolLength(b, at) === 1 ? true : undefined),
      write: () => {},
    }),
    protocol: dynamic<number>(
      {
        size: (b, at) => protocolLength(b, at),
        read: (b, at, end) => (end - at >= 2 ? (b[at]! << 8) | b[at + 1]! : (b[at] ?? 0)),
        write: (out, value, { compressed }) => (compressed ? out.u8(value) : out.u16(value)),
        format: (value) => `0x${value.toString(16).padStart(4, "0")}`,
      },
      { needsNext: true, auto: ({ next }) => pppProtocols.keyOf(next) },
    ),
  },
  headerLength: (b, o, end) => {
    const at = o + framing(b, o, end);
    return at - o + (at < end ? protocolLength(b, at) : 2);
  },
  next(b, o, payload): LayerType | undefined {
    const at = payload - (payload - o >= 2 && !(b[payload - 2]! & 1) ? 2 : 1);
    return pppProtocols.get(payload - at === 2 ? (b[at]! << 8) | b[at + 1]! : b[at]!);
  },
});

/** A tag of PPPoE discovery (RFC 2516 appendix A); `data` is hexadecimal. */
export type PPPoETag = TypeAndData;

/** PPP over Ethernet, sessions (RFC 2516). */
export const PPPoE = defineLayer({
  name: "PPPoE",
  fields: {
    version: bits(4, { default: 1 }),
    type: bits(4, { default: 1 }),
    code: u8(),
    session: u16({ hex: true }),
    length: u16({ auto: payloadLength }),
  },
  totalLength: (b, o) => 6 + ((b[o + 4]! << 8) | b[o + 5]!),
  next: (b, o) => (b[o + 1] === 0 ? PPP : undefined),
});

/** PPP over Ethernet, discovery (RFC 2516). */
export const PPPoEDiscovery = defineLayer({
  name: "PPPoEDiscovery",
  fields: {
    version: bits(4, { default: 1 }),
    type: bits(4, { default: 1 }),
    code: u8({ default: 9, names: { 9: "PADI", 7: "PADO", 25: "PADR", 101: "PADS", 167: "PADT" } }),
    session: u16({ hex: true }),
    length: u16({ auto: ({ headerLength }) => headerLength - 6 }),
    tags: dynamic<PPPoETag[], readonly PPPoETag[]>({
      read(b, at, end) {
        const tags: PPPoETag[] = [];
        while (end - at >= 4) {
          const length = (b[at + 2]! << 8) | b[at + 3]!;
          if (length > end - at - 4) break;
          tags.push({ type: (b[at]! << 8) | b[at + 1]!, data: toHex(b, at + 4, at + 4 + length) });
          at += 4 + length;
        }
        return tags;
      },
      write(out, tags = []) {
        for (const { type, data } of tags) {
          const bytes = fromHex(data);
          out.u16(type);
          out.u16(bytes.length);
          out.put(bytes);
        }
      },
    }),
  },
  headerLength: (b, o, end) => Math.min(end - o, 6 + ((b[o + 4]! << 8) | b[o + 5]!)),
  totalLength: (b, o) => 6 + ((b[o + 4]! << 8) | b[o + 5]!),
});
