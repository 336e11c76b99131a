import { bits, dynamic, type Field, u32 } from "../field.ts";
import { fromHex, toHex } from "../hex.ts";
import { defineLayer } from "../layer.ts";
import { payloadLength } from "./computed.ts";

const V1 = 1;
const V2 = 0x6b3343cf;
const INITIAL = 0;
const RETRY = 3;

function versionAt(b: Uint8Array, o: number): number {
  return ((b[o + 1]! << 24) | (b[o + 2]! << 16) | (b[o + 3]! << 8) | b[o + 4]!) >>> 0;
}

/** Version 1 and 2, and the drafts from 29 on, whose headers are version 1's. */
function isKnown(version: number): boolean {
  return version === V1 || version === V2 || (version >= 0xff00001d && version <= 0xff000022);
}

/** The packet type in version 1's numbers: version 2 rotates them by one (RFC 9369 section 3.2). */
function typeAt(b: Uint8Array, o: number): number {
  const type = (b[o]! >> 4) & 3;
  return versionAt(b, o) === V2 ? (type + 3) & 3 : type;
}

/** Whether `[at, end)` starts with a long header of a known version. */
export function looksLikeQUIC(b: Uint8Array, at: number, end: number): boolean {
  return end - at >= 7 && (b[at]! & 0xc0) === 0xc0 && isKnown(versionAt(b, at));
}

/** A variable-length integer (RFC 9000 section 16); above 2^53 it is no length that could fit. */
function varint(b: Uint8Array, at: number, end: number): { value: number; size: number } {
  const size = at < end ? 1 << (b[at]! >> 6) : 1;
  if (size > end - at) return { value: 0, size: Math.max(0, end - at) };
  let value = b[at]! & 0x3f;
  for (let i = 1; i < size; i++) value = value * 256 + b[at + i]!;
  return { value, size };
}

const hasLength = (b: Uint8Array, o: number) => versionAt(b, o) !== 0 && typeAt(b, o) !== RETRY;
const hasToken = (b: Uint8Array, o: number) => versionAt(b, o) !== 0 && typeAt(b, o) === INITIAL;

/** `typeAt` of a header that is being built. */
function writtenType(type: unknown, version: unknown): number | undefined {
  if (version === 0) return undefined;
  return version === V2 ? (Number(type ?? 0) + 3) & 3 : Number(type ?? 0);
}

/** Bytes behind a one-byte length. */
function connectionId(): Field<string> {
  return dynamic<string>(
    {
      size: (b, at, end) => (at < end ? 1 + b[at]! : 0),
      read: (b, at, end) => toHex(b, at + 1, Math.max(at + 1, end)),
      write(out, value) {
        const bytes = fromHex(value);
        out.u8(bytes.length);
        out.put(bytes);
      },
    },
    { default: "" },
  );
}

function idsEnd(b: Uint8Array, o: number, end: number): number {
  let at = o + 5;
  for (let i = 0; i < 2; i++) at = at < end ? at + 1 + b[at]! : end + 1;
  return at;
}

/** End of the header: behind the length field, which only Retry and version negotiation lack. */
function headerEnd(b: Uint8Array, o: number, end: number): number {
  let at = idsEnd(b, o, end);
  if (at >= end) return at;
  if (hasToken(b, o)) {
    const token = varint(b, at, end);
    at += token.size + token.value;
  }
  return hasLength(b, o) ? at + (at < end ? varint(b, at, end).size : 1) : at;
}

/** QUIC long header (RFC 9000 section 17.2), up to the part that header protection hides. */
export const QUIC = defineLayer({
  name: "QUIC",
  fields: {
    form: bits(1, { default: 1 }),
    fixed: bits(1, { default: 1 }),
    type: bits(2),
    protectedBits: bits(4),
    version: u32({ default: V1, hex: true }),
    destinationId: connectionId(),
    sourceId: connectionId(),
    token: dynamic<string | undefined, string>(
      {
        size(b, at, end, start) {
          if (!hasToken(b, start)) return 0;
          const { value, size } = varint(b, at, end);
          return size + value;
        },
        read(b, at, end, start) {
          return hasToken(b, start) ? toHex(b, Math.min(end, at + varint(b, at, end).size), end) : undefined;
        },
        write(out, value, { type, version }) {
          if (writtenType(type, version) !== INITIAL) return;
          const bytes = fromHex(value);
          if (bytes.length < 64) out.u8(bytes.length);
          else out.u16(0x4000 | bytes.length);
          out.put(bytes);
        },
      },
      { default: "" },
    ),
    length: dynamic<number | undefined, number>(
      {
        size: (b, at, end, start) => (hasLength(b, start) ? varint(b, at, end).size : 0),
        read: (b, at, end, start) => (hasLength(b, start) && end > at ? varint(b, at, end).value : undefined),
        write(out, value, { type, version }) {
          if (version === 0 || writtenType(type, version) === RETRY) return;
          // Senders leave two bytes, as the length is known only after the payload (RFC 9000 section 16 allows it).
          if (value < 0x4000) out.u16(0x4000 | value);
          else out.u32(0x80000000 | value);
        },
      },
      { auto: payloadLength },
    ),
  },
  headerLength: (b, o, end) => headerEnd(b, o, end) - o,
  totalLength(b, o, end) {
    if (!hasLength(b, o)) return 0;
    const header = headerEnd(b, o, end);
    let at = idsEnd(b, o, end);
    if (hasToken(b, o)) {
      const token = varint(b, at, end);
      at += token.size + token.value;
    }
    return header > end ? 0 : header - o + varint(b, at, end).value;
  },
  derive: {
    /** `initial`, `0-rtt`, `handshake`, `retry` or `version-negotiation`. */
    packetType: (view) =>
      versionAt(view.buffer, view.offset) === 0
        ? "version-negotiation"
        : (["initial", "0-rtt", "handshake", "retry"] as const)[typeAt(view.buffer, view.offset)]!,
  },
  summary: (view) => `${view.packetType} version=0x${view.version.toString(16)} dcid=${view.destinationId}`,
});
