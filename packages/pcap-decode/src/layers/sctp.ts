import { crc32c } from "../build/checksum.ts";
import { dynamic, u16, u32 } from "../field.ts";
import { fromHex, toHex } from "../hex.ts";
import { defineLayer } from "../layer.ts";

/** A chunk (RFC 9260 section 3.2). `data` is hexadecimal, without the padding. */
export interface SCTPChunk {
  readonly type: number;
  readonly flags: number;
  /** Length field when it is not that of `data`: the chunk is cut or damaged. */
  readonly length?: number;
  readonly data: string;
}

const names: Readonly<Record<number, string>> = {
  0: "DATA",
  1: "INIT",
  2: "INIT ACK",
  3: "SACK",
  4: "HEARTBEAT",
  5: "HEARTBEAT ACK",
  6: "ABORT",
  7: "SHUTDOWN",
  8: "SHUTDOWN ACK",
  9: "ERROR",
  10: "COOKIE ECHO",
  11: "COOKIE ACK",
  14: "SHUTDOWN COMPLETE",
};

/** Stream Control Transmission Protocol (RFC 9260): common header and chunks. */
export const SCTP = defineLayer({
  name: "SCTP",
  fields: {
    sport: u16(),
    dport: u16(),
    tag: u32({ hex: true }),
    // The only checksum here whose bytes go out low first (RFC 9260 appendix A).
    checksum: u32({ hex: true, auto: ({ buffer, offset, end }) => swap(crc32c(buffer, offset, end)) }),
    chunks: dynamic<SCTPChunk[], readonly SCTPChunk[]>({
      read(b, at, end) {
        const chunks: SCTPChunk[] = [];
        while (end - at >= 4) {
          const type = b[at]!;
          const flags = b[at + 1]!;
          const length = (b[at + 2]! << 8) | b[at + 3]!;
          if (length < 4 || length > end - at) {
            chunks.push({ type, flags, length, data: toHex(b, at + 4, end) });
            break;
          }
          chunks.push({ type, flags, data: toHex(b, at + 4, at + length) });
          at += (length + 3) & ~3;
        }
        return chunks;
      },
      write(out, chunks = []) {
        for (const { type, flags, length, data } of chunks) {
          const bytes = fromHex(data);
          out.u8(type);
          out.u8(flags);
          out.u16(length ?? bytes.length + 4);
          out.put(bytes);
          out.align(length === undefined ? 4 : 1);
        }
      },
    }),
  },
  summary: (view) => view.chunks.map(({ type }) => names[type] ?? `chunk ${type}`).join(", "),
});

function swap(value: number): number {
  return ((value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0;
}
