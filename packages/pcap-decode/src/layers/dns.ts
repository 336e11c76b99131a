import { formatIPv4, formatIPv6, parseIPv4, parseIPv6 } from "../address.ts";
import type { ByteWriter } from "../build/byte-writer.ts";
import { InvalidValueError } from "../errors.ts";
import { bits, dynamic, type Field, u16 } from "../field.ts";
import { fromHex, toHex } from "../hex.ts";
import { defineLayer } from "../layer.ts";
import { latin1, putLatin1, variableBytes } from "./content.ts";
import { type NameOffsets, readName, writeName } from "./dns-name.ts";

/** A question; `type` and `class` are IANA numbers. */
export interface DNSQuestion {
  readonly name: string;
  readonly type: number;
  readonly class: number;
}

/** What a record says: typed for the common types, hexadecimal for the others and for damaged ones. */
export type DNSData =
  | { readonly address: string }
  | { readonly target: string }
  | { readonly preference: number; readonly target: string }
  | { readonly texts: readonly string[] }
  | { readonly priority: number; readonly weight: number; readonly port: number; readonly target: string }
  | {
      readonly mname: string;
      readonly rname: string;
      readonly serial: number;
      readonly refresh: number;
      readonly retry: number;
      readonly expire: number;
      readonly minimum: number;
    }
  | { readonly data: string };

/** A resource record. `class` and `ttl` of an OPT record (type 41) are its UDP size and flags. */
export type DNSRecord = DNSQuestion & { readonly ttl: number } & DNSData;

/** Numbers of common record types. */
export const DNSType = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  HTTPS: 65,
  ANY: 255,
} as const;

const typeNames = new Map<number, string>(Object.entries(DNSType).map(([name, type]) => [type, name]));
const HEADER = 12;

/** One pass over a message. Reading stops at the first record that does not fit; counts are never trusted. */
interface Message {
  readonly questions: DNSQuestion[];
  readonly records: [answers: DNSRecord[], authorities: DNSRecord[], additionals: DNSRecord[]];
  readonly ends: [questions: number, answers: number, authorities: number, additionals: number];
}

function parse(b: Uint8Array, start: number, end: number): Message {
  const count = (i: number) => (end - start < HEADER ? 0 : (b[start + 4 + i * 2]! << 8) | b[start + 5 + i * 2]!);
  const body = Math.min(end, start + HEADER);
  const message: Message = { questions: [], records: [[], [], []], ends: [body, body, body, body] };
  let at = start + HEADER;
  for (let i = 0; i < count(0); i++) {
    const { name, next } = readName(b, at, end, start);
    if (name === undefined || end - next < 4) return message;
    message.questions.push({ name, type: (b[next]! << 8) | b[next + 1]!, class: (b[next + 2]! << 8) | b[next + 3]! });
    at = next + 4;
  }
  message.ends.fill(at, 0);
  for (let section = 0; section < 3; section++) {
    for (let i = 0; i < count(section + 1); i++) {
      const { name, next } = readName(b, at, end, start);
      const length = end - next < 10 ? 0 : (b[next + 8]! << 8) | b[next + 9]!;
      if (name === undefined || end - next < 10 || length > end - next - 10) return message;
      const type = (b[next]! << 8) | b[next + 1]!;
      const ttl = ((b[next + 4]! << 24) | (b[next + 5]! << 16) | (b[next + 6]! << 8) | b[next + 7]!) >>> 0;
      const data = readData(b, next + 10, next + 10 + length, start, type);
      message.records[section]!.push({ name, type, class: (b[next + 2]! << 8) | b[next + 3]!, ttl, ...data });
      at = next + 10 + length;
      message.ends.fill(at, section + 1);
    }
  }
  return message;
}

function readData(b: Uint8Array, at: number, end: number, start: number, type: number): DNSData {
  const u16At = (i: number) => (b[i]! << 8) | b[i + 1]!;
  const raw = { data: toHex(b, at, end) };
  const nameFrom = (from: number): string | undefined => {
    const { name, next } = readName(b, from, end, start);
    return next === end ? name : undefined;
  };
  if (type === DNSType.A) return end - at === 4 ? { address: formatIPv4(b, at) } : raw;
  if (type === DNSType.AAAA) return end - at === 16 ? { address: formatIPv6(b, at) } : raw;
  if (type === DNSType.NS || type === DNSType.CNAME || type === DNSType.PTR) {
    const target = nameFrom(at);
    return target === undefined ? raw : { target };
  }
  if (type === DNSType.MX || type === DNSType.SRV) {
    const fixed = type === DNSType.MX ? 2 : 6;
    const target = end - at > fixed ? nameFrom(at + fixed) : undefined;
    if (target === undefined) return raw;
    if (type === DNSType.MX) return { preference: u16At(at), target };
    return { priority: u16At(at), weight: u16At(at + 2), port: u16At(at + 4), target };
  }
  if (type === DNSType.TXT) {
    const texts: string[] = [];
    let cursor = at;
    while (cursor < end && b[cursor]! < end - cursor) {
      texts.push(latin1(b, cursor + 1, cursor + 1 + b[cursor]!));
      cursor += 1 + b[cursor]!;
    }
    return cursor === end ? { texts } : raw;
  }
  if (type === DNSType.SOA) {
    const mname = readName(b, at, end, start);
    const rname = mname.name === undefined ? mname : readName(b, mname.next, end, start);
    if (mname.name === undefined || rname.name === undefined || end - rname.next !== 20) return raw;
    const u32At = (i: number) => u16At(rname.next + i) * 65536 + u16At(rname.next + i + 2);
    return {
      mname: mname.name,
      rname: rname.name,
      serial: u32At(0),
      refresh: u32At(4),
      retry: u32At(8),
      expire: u32At(12),
      minimum: u32At(16),
    };
  }
  return raw;
}

// The names of one message share their offsets; the writer of the message is the key.
const offsetsOf = new WeakMap<ByteWriter, NameOffsets>();
function offsets(out: ByteWriter): NameOffsets {
  let map = offsetsOf.get(out);
  if (map === undefined) {
    map = new Map();
    offsetsOf.set(out, map);
  }
  return map;
}

/** Text would be written as 0. */
function typeNumber(type: number): number {
  if (Number.isInteger(type) && type >= 0 && type <= 0xffff) return type;
  throw new InvalidValueError("type", type, "types such as DNSType.A");
}

function writeRecord(out: ByteWriter, record: DNSRecord): void {
  writeName(out, record.name, offsets(out));
  out.u16(typeNumber(record.type));
  out.u16(record.class ?? 1);
  out.u32(record.ttl ?? 0);
  const lengthAt = out.length;
  out.u16(0);
  if ("data" in record) out.put(fromHex(record.data));
  else if ("address" in record)
    out.put(record.address.includes(":") ? parseIPv6(record.address) : parseIPv4(record.address));
  else if ("texts" in record) {
    for (const text of record.texts) {
      out.u8(text.length);
      putLatin1(out, text);
    }
  } else if ("mname" in record) {
    writeName(out, record.mname, offsets(out));
    writeName(out, record.rname, offsets(out));
    for (const word of [record.serial, record.refresh, record.retry, record.expire, record.minimum]) out.u32(word);
  } else {
    if ("preference" in record) out.u16(record.preference);
    if ("priority" in record) for (const word of [record.priority, record.weight, record.port]) out.u16(word);
    writeName(out, record.target, offsets(out));
  }
  out.setU16(lengthAt, out.length - lengthAt - 2);
}

function questions(): Field<DNSQuestion[], readonly DNSQuestion[]> {
  return dynamic<DNSQuestion[], readonly DNSQuestion[]>({
    size: (b, at, end, start) => parse(b, start, end).ends[0] - at,
    read: (b, _at, end, start) => parse(b, start, end).questions,
    write(out, list = []) {
      for (const { name, type, class: of } of list) {
        writeName(out, name, offsets(out));
        out.u16(typeNumber(type ?? DNSType.A));
        out.u16(of ?? 1);
      }
    },
    format: (list) => list.map(({ name, type }) => `${name} ${typeNames.get(type) ?? `TYPE${type}`}`),
  });
}

function records(section: 0 | 1 | 2): Field<DNSRecord[], readonly DNSRecord[]> {
  return dynamic<DNSRecord[], readonly DNSRecord[]>({
    size: (b, at, end, start) => parse(b, start, end).ends[section + 1]! - at,
    read: (b, _at, end, start) => parse(b, start, end).records[section]!,
    write(out, list = []) {
      for (const record of list) writeRecord(out, record);
    },
    format: (list) => list.map(formatRecord),
  });
}

function formatRecord({ name, type, class: of, ttl, ...data }: DNSRecord): string {
  const values = Object.values(data).flat().join(" ");
  return `${name} ${ttl} ${typeNames.get(type) ?? `TYPE${type}`}${of === 1 ? "" : ` class ${of}`} ${values}`;
}

const countOf = (name: string) => u16({ auto: ({ values }) => ((values[name] as unknown[] | undefined) ?? []).length });

/** Domain Name System (RFC 1035), also multicast (RFC 6762) and LLMNR. Names are in master-file text. */
export const DNS = defineLayer({
  name: "DNS",
  fields: {
    id: u16({ hex: true }),
    response: bits(1),
    opcode: bits(4, { names: { 0: "query", 4: "notify", 5: "update" } }),
    authoritative: bits(1),
    truncated: bits(1),
    recursionDesired: bits(1, { default: 1 }),
    recursionAvailable: bits(1),
    reserved: bits(1),
    authenticData: bits(1),
    checkingDisabled: bits(1),
    rcode: bits(4, { names: { 0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED" } }),
    questionCount: countOf("questions"),
    answerCount: countOf("answers"),
    authorityCount: countOf("authorities"),
    additionalCount: countOf("additionals"),
    questions: questions(),
    answers: records(0),
    authorities: records(1),
    additionals: records(2),
    extra: variableBytes(),
  },
  headerLength: (_b, o, end) => end - o,
  summary: (view) => {
    const asked = view.questions.map(({ name, type }) => `${typeNames.get(type) ?? `TYPE${type}`} ${name}`).join(", ");
    const told = view.answers.map((record) => Object.values(recordData(record)).flat().join(" ")).join(", ");
    return view.response ? `${asked} = ${told || (view.rcode === 0 ? "nothing" : `error ${view.rcode}`)}` : `${asked}?`;
  },
});

function recordData({
  name: _name,
  type: _type,
  class: _class,
  ttl: _ttl,
  ...data
}: DNSRecord): Record<string, unknown> {
  return data;
}

/** DNS over TCP: the length in front of each message (RFC 1035 section 4.2.2). */
export const DNSOverTCP = defineLayer({
  name: "DNSOverTCP",
  fields: { length: u16({ auto: ({ offset, end }) => end - offset - 2 }) },
  totalLength: (b, o) => 2 + ((b[o]! << 8) | b[o + 1]!),
  next: () => DNS,
});
