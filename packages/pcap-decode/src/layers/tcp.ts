import { bits, dynamic, u16, u32 } from "../field.ts";
import { fromHex, toHex } from "../hex.ts";
import { defineLayer, type LayerType } from "../layer.ts";
import { transportChecksum } from "./computed.ts";
import { HTTP, looksLikeHTTP } from "./http.ts";
import { tcpPorts } from "./tables.ts";
import { looksLikeTLS, TLS } from "./tls.ts";

/** A TCP option (RFC 9293 section 3.2, RFC 7323, RFC 2018). Others than the named have `data` in hexadecimal. */
export type TCPOption =
  | { readonly kind: "eol"; readonly data?: string }
  | { readonly kind: "nop" }
  | { readonly kind: "mss"; readonly value: number }
  | { readonly kind: "windowScale"; readonly shift: number }
  | { readonly kind: "sackPermitted" }
  | { readonly kind: "sack"; readonly blocks: readonly (readonly [left: number, right: number])[] }
  | { readonly kind: "timestamps"; readonly value: number; readonly echo: number }
  | { readonly kind: number; readonly data: string; readonly malformed?: true };

/** Bits of `flags`. */
export const TCPFlags = { FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 16, URG: 32, ECE: 64, CWR: 128, AE: 256 } as const;

const KIND = { eol: 0, nop: 1, mss: 2, windowScale: 3, sackPermitted: 4, sack: 5, timestamps: 8 } as const;

function u32At(b: Uint8Array, at: number): number {
  return ((b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!) >>> 0;
}

function readOption(b: Uint8Array, at: number, length: number): TCPOption {
  const kind = b[at]!;
  const data = at + 2;
  if (kind === KIND.mss && length === 4) return { kind: "mss", value: (b[data]! << 8) | b[data + 1]! };
  if (kind === KIND.windowScale && length === 3) return { kind: "windowScale", shift: b[data]! };
  if (kind === KIND.sackPermitted && length === 2) return { kind: "sackPermitted" };
  if (kind === KIND.timestamps && length === 10) {
    return { kind: "timestamps", value: u32At(b, data), echo: u32At(b, data + 4) };
  }
  if (kind === KIND.sack && length % 8 === 2) {
    const blocks: [number, number][] = [];
    for (let i = data; i < at + length; i += 8) blocks.push([u32At(b, i), u32At(b, i + 4)]);
    return { kind: "sack", blocks };
  }
  return { kind, data: toHex(b, data, at + length) };
}

function readOptions(b: Uint8Array, at: number, end: number): TCPOption[] {
  const options: TCPOption[] = [];
  while (at < end) {
    const kind = b[at]!;
    if (kind === KIND.nop) {
      options.push({ kind: "nop" });
      at++;
      continue;
    }
    if (kind === KIND.eol) {
      options.push(end - at > 1 ? { kind: "eol", data: toHex(b, at + 1, end) } : { kind: "eol" });
      break;
    }
    const length = end - at < 2 ? 0 : b[at + 1]!;
    if (length < 2 || length > end - at) {
      options.push({ kind, data: toHex(b, at + 1, end), malformed: true });
      break;
    }
    options.push(readOption(b, at, length));
    at += length;
  }
  return options;
}

/** Which layer a TCP payload holds: by port, or by how it starts. */
function nextLayer(b: Uint8Array, o: number, payload: number, end: number): LayerType | number | undefined {
  if (payload >= end) return undefined;
  const bound = tcpPorts.idOf((b[o + 2]! << 8) | b[o + 3]!) || tcpPorts.idOf((b[o]! << 8) | b[o + 1]!);
  if (bound !== 0) return bound;
  if (looksLikeTLS(b, payload, end)) return TLS;
  return looksLikeHTTP(b, payload, end) ? HTTP : undefined;
}

/** Transmission Control Protocol (RFC 9293). */
export const TCP = defineLayer({
  name: "TCP",
  fields: {
    sport: u16({ default: 20 }),
    dport: u16({ default: 80 }),
    seq: u32(),
    ack: u32(),
    dataOffset: bits(4, { auto: ({ headerLength }) => headerLength / 4 }),
    reserved: bits(3),
    flags: bits(9, { default: 2, flags: "FSRPAUECN" }),
    window: u16({ default: 8192 }),
    checksum: u16({ hex: true, auto: transportChecksum(6) }),
    urgent: u16(),
    options: dynamic<TCPOption[], readonly TCPOption[]>({
      read: readOptions,
      write(out, options) {
        for (const option of options ?? []) {
          const { kind } = option;
          const code = typeof kind === "number" ? kind : KIND[kind];
          out.u8(code);
          if (kind === "nop") continue;
          if (kind === "eol") {
            out.put(fromHex(option.data ?? ""));
          } else if (typeof kind === "number") {
            const data = fromHex(option.data);
            if (!option.malformed) out.u8(data.length + 2);
            out.put(data);
          } else if (kind === "mss") {
            out.u8(4);
            out.u16(option.value);
          } else if (kind === "windowScale") {
            out.u8(3);
            out.u8(option.shift);
          } else if (kind === "sackPermitted") out.u8(2);
          else if (kind === "timestamps") {
            out.u8(10);
            out.u32(option.value);
            out.u32(option.echo);
          } else {
            out.u8(2 + 8 * option.blocks.length);
            for (const [left, right] of option.blocks) {
              out.u32(left);
              out.u32(right);
            }
          }
        }
      },
    }),
  },
  headerLength: (b, o) => (b[o + 12]! >> 4) * 4,
  align: 4,
  next: nextLayer,
  summary: (view) =>
    `${flagLetters(view.flags)} seq=${view.seq}${view.flags & TCPFlags.ACK ? ` ack=${view.ack}` : ""} win=${view.window}`,
});

function flagLetters(flags: number): string {
  let text = "";
  for (let bit = 0; bit < 9; bit++) if (flags & (1 << bit)) text += "FSRPAUECN"[bit];
  return text || "-";
}
