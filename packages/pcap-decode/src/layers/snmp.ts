import type { ByteWriter } from "../build/byte-writer.ts";
import { dynamic } from "../field.ts";
import { toHex } from "../hex.ts";
import { defineLayer } from "../layer.ts";
import { type BytesInput, latin1, putBytes } from "./content.ts";

const pduNames: Readonly<Record<number, string>> = {
  160: "get",
  161: "get-next",
  162: "response",
  163: "set",
  164: "trap",
  165: "get-bulk",
  166: "inform",
  167: "trap-v2",
  168: "report",
};

/** What the start of an SNMP message says. `version` is 0 for SNMPv1, 1 for v2c, 3 for v3. */
interface Header {
  readonly version?: number;
  readonly community?: string;
  readonly pdu?: number;
  readonly requestId?: number;
}

/** A BER element: its tag and where its content is; `undefined` when it does not fit. Definite lengths only. */
function element(b: Uint8Array, at: number, end: number): { tag: number; start: number; end: number } | undefined {
  if (end - at < 2) return undefined;
  const tag = b[at]!;
  let length = b[at + 1]!;
  let start = at + 2;
  if (length >= 0x80) {
    const count = length & 0x7f;
    if (count === 0 || count > 4 || count > end - start) return undefined;
    length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + b[start + i]!;
    start += count;
  }
  return length > end - start ? undefined : { tag, start, end: start + length };
}

function integer(b: Uint8Array, start: number, end: number): number | undefined {
  if (end - start > 4 || end === start) return undefined;
  let value = b[start]! & 0x80 ? -1 : 0;
  for (let i = start; i < end; i++) value = value * 256 + b[i]!;
  return value;
}

function parse(message: Uint8Array): Header {
  const outer = element(message, 0, message.length);
  const version = outer && element(message, outer.start, outer.end);
  if (outer === undefined || version === undefined) return {};
  const number = integer(message, version.start, version.end);
  const community = element(message, version.end, outer.end);
  // Version 3 has a sequence of its own here instead of a community.
  if (community === undefined || community.tag !== 4) return number === undefined ? {} : { version: number };
  const pdu = element(message, community.end, outer.end);
  const request = pdu && element(message, pdu.start, pdu.end);
  return {
    ...(number === undefined ? {} : { version: number }),
    community: latin1(message, community.start, community.end),
    ...(pdu === undefined ? {} : { pdu: pdu.tag }),
    ...(request?.tag === 2 ? { requestId: integer(message, request.start, request.end) ?? 0 } : {}),
  };
}

/** Simple Network Management Protocol: the message as it is, with what its header says (RFC 1157, RFC 3416). */
export const SNMP = defineLayer({
  name: "SNMP",
  fields: {
    message: dynamic<Uint8Array, BytesInput>({
      read: (b, at, end) => b.subarray(at, end),
      write: (out: ByteWriter, value: BytesInput) => putBytes(out, value),
      format: (message) => toHex(message),
    }),
  },
  derive: {
    version: (view) => parse(view.message).version,
    community: (view) => parse(view.message).community,
    /** Tag of the PDU: 0xa0 get to 0xa8 report. */
    pdu: (view) => parse(view.message).pdu,
    requestId: (view) => parse(view.message).requestId,
  },
  summary: (view) => {
    const { version, community, pdu } = parse(view.message);
    return `version ${version === 3 ? 3 : (version ?? -1) + 1} ${community === undefined ? "" : JSON.stringify(community)} ${pduNames[pdu ?? 0] ?? ""}`.trim();
  },
});
