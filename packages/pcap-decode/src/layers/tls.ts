import { dynamic } from "../field.ts";
import { fromHex, toHex } from "../hex.ts";
import { defineLayer, type LayerView } from "../layer.ts";
import { ja3, ja3s, ja4 } from "./tls-fingerprint.ts";
import {
  type ClientHello,
  protocols,
  readClientHello,
  readServerHello,
  type ServerHello,
  serverName,
} from "./tls-hello.ts";

/** A record (RFC 8446 section 5.1). `data` is hexadecimal: the fragment, or what this packet has of it. */
export interface TLSRecord {
  /** 20 change cipher spec, 21 alert, 22 handshake, 23 application data, 24 heartbeat. */
  readonly type: number;
  readonly version: number;
  /** Length field when the fragment goes on in the next segment. */
  readonly length?: number;
  readonly data: string;
}

const HANDSHAKE = 22;
/** Ciphertext may exceed 2^14 by 2048 bytes (RFC 5246 section 6.2.3). */
const MAX_RECORD = 16384 + 2048;
const names: Readonly<Record<number, string>> = {
  20: "change cipher spec",
  21: "alert",
  22: "handshake",
  23: "application data",
  24: "heartbeat",
};

function isRecord(b: Uint8Array, at: number): boolean {
  const type = b[at]!;
  const length = (b[at + 3]! << 8) | b[at + 4]!;
  return type >= 20 && type <= 24 && b[at + 1] === 3 && b[at + 2]! <= 4 && length > 0 && length <= MAX_RECORD;
}

/** Whether `[at, end)` starts with a TLS record. */
export function looksLikeTLS(b: Uint8Array, at: number, end: number): boolean {
  return end - at >= 6 && isRecord(b, at);
}

function recordsEnd(b: Uint8Array, at: number, end: number): number {
  while (end - at >= 5 && isRecord(b, at)) at = Math.min(end, at + 5 + ((b[at + 3]! << 8) | b[at + 4]!));
  return at;
}

/** Bytes of the first handshake messages in a segment, however many records they span. */
function handshake(view: LayerView): Uint8Array {
  const { buffer, offset, end } = view;
  const parts: Uint8Array[] = [];
  for (let at = offset; end - at >= 5 && isRecord(buffer, at); ) {
    const stop = Math.min(end, at + 5 + ((buffer[at + 3]! << 8) | buffer[at + 4]!));
    if (buffer[at] === HANDSHAKE) parts.push(buffer.subarray(at + 5, stop));
    else if (parts.length > 0) break;
    at = stop;
  }
  if (parts.length === 1) return parts[0]!;
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function client(view: LayerView): ClientHello | undefined {
  return readClientHello(handshake(view));
}
function server(view: LayerView): ServerHello | undefined {
  return readServerHello(handshake(view));
}

/** Transport Layer Security: the records that this segment has, and what a hello in them says. */
export const TLS = defineLayer({
  name: "TLS",
  fields: {
    records: dynamic<TLSRecord[], readonly TLSRecord[]>({
      size: (b, at, end) => recordsEnd(b, at, end) - at,
      read(b, at, end) {
        const records: TLSRecord[] = [];
        while (end - at >= 5) {
          const length = (b[at + 3]! << 8) | b[at + 4]!;
          const stop = Math.min(end, at + 5 + length);
          const whole = stop - at - 5 === length;
          const record = { type: b[at]!, version: (b[at + 1]! << 8) | b[at + 2]!, data: toHex(b, at + 5, stop) };
          records.push(whole ? record : { ...record, length });
          at = stop;
        }
        return records;
      },
      write(out, records = []) {
        for (const { type, version, length, data } of records) {
          const bytes = fromHex(data);
          out.u8(type);
          out.u16(version);
          out.u16(length ?? bytes.length);
          out.put(bytes);
        }
      },
      format: (records) =>
        records.map(
          ({ type, version, data }) =>
            `${names[type] ?? type} version=0x${version.toString(16)} ${data.length / 2} bytes`,
        ),
    }),
  },
  derive: {
    clientHello: (view): ClientHello | undefined => client(view),
    serverHello: (view): ServerHello | undefined => server(view),
    /** Host name the client asks for. */
    serverName: (view) => {
      const hello = client(view);
      return hello && serverName(hello);
    },
    /** Application protocols the client offers or the server chose. */
    alpn: (view) => protocols(client(view) ?? server(view) ?? { extensions: [] }),
    /** JA3 of a ClientHello. */
    ja3: (view) => {
      const hello = client(view);
      return hello && ja3(hello);
    },
    /** JA3S of a ServerHello. */
    ja3s: (view) => {
      const hello = server(view);
      return hello && ja3s(hello);
    },
    /** JA4 of a ClientHello. */
    ja4: (view) => {
      const hello = client(view);
      return hello && ja4(hello);
    },
  },
  summary: (view) => {
    const { clientHello } = view;
    if (clientHello !== undefined) return `client hello ${serverName(clientHello) ?? ""}`.trim();
    if (view.serverHello !== undefined) return "server hello";
    return view.records.map(({ type }) => names[type] ?? `type ${type}`).join(", ");
  },
});
