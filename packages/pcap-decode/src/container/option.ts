import { fromHex } from "../hex.ts";
import { putU16, putU32, putU64, u16, u32, u64 } from "./bytes.ts";

/** A pcapng option: `name` and a typed `value` where the specification knows the code, the bytes otherwise. */
export interface CaptureOption {
  readonly code: number;
  /** The specification's name, e.g. `if_name`; missing for unknown codes. */
  readonly name?: string;
  /** Text, number, 64-bit bigint, or the bytes as they are. */
  readonly value: string | number | bigint | Uint8Array;
}

type Kind = "text" | "u8" | "u32" | "u64" | "i64" | "time" | "bytes";
type OptionTable = Readonly<Record<number, readonly [name: string, kind: Kind]>>;
/** Blocks that have option tables of their own. */
export type OptionScope = "section" | "interface" | "packet" | "names" | "statistics" | "other";

const common: OptionTable = { 1: ["opt_comment", "text"] };
const tables: Readonly<Record<OptionScope, OptionTable>> = {
  section: { ...common, 2: ["shb_hardware", "text"], 3: ["shb_os", "text"], 4: ["shb_userappl", "text"] },
  interface: {
    ...common,
    2: ["if_name", "text"],
    3: ["if_description", "text"],
    4: ["if_IPv4addr", "bytes"],
    5: ["if_IPv6addr", "bytes"],
    6: ["if_MACaddr", "bytes"],
    7: ["if_EUIaddr", "bytes"],
    8: ["if_speed", "u64"],
    9: ["if_tsresol", "u8"],
    10: ["if_tzone", "u32"],
    11: ["if_filter", "bytes"],
    12: ["if_os", "text"],
    13: ["if_fcslen", "u8"],
    14: ["if_tsoffset", "i64"],
    15: ["if_hardware", "text"],
    16: ["if_txspeed", "u64"],
    17: ["if_rxspeed", "u64"],
    18: ["if_iana_tzname", "text"],
  },
  packet: {
    ...common,
    2: ["epb_flags", "u32"],
    3: ["epb_hash", "bytes"],
    4: ["epb_dropcount", "u64"],
    5: ["epb_packetid", "u64"],
    6: ["epb_queue", "u32"],
    7: ["epb_verdict", "bytes"],
    8: ["epb_processid_threadid", "bytes"],
  },
  names: { ...common, 2: ["ns_dnsname", "text"], 3: ["ns_dnsIP4addr", "bytes"], 4: ["ns_dnsIP6addr", "bytes"] },
  statistics: {
    ...common,
    2: ["isb_starttime", "time"],
    3: ["isb_endtime", "time"],
    4: ["isb_ifrecv", "u64"],
    5: ["isb_ifdrop", "u64"],
    6: ["isb_filteraccept", "u64"],
    7: ["isb_osdrop", "u64"],
    8: ["isb_usrdeliv", "u64"],
  },
  other: common,
};
const sizes: Readonly<Record<Kind, number>> = { text: -1, bytes: -1, u8: 1, u32: 4, u64: 8, i64: 8, time: 8 };

const decoder = new TextDecoder("utf-8", { fatal: true });
const encoder = new TextEncoder();

/** Options of `b[at, end)`; `undefined` when one runs past `end`. */
export function readOptions(
  b: Uint8Array,
  at: number,
  end: number,
  big: boolean,
  scope: OptionScope,
): CaptureOption[] | undefined {
  const options: CaptureOption[] = [];
  while (end - at >= 4) {
    const code = u16(b, at, big);
    const length = u16(b, at + 2, big);
    at += 4;
    if (code === 0) break;
    if (length > end - at) return undefined;
    const known = tables[scope][code];
    const value = readValue(b, at, length, big, known?.[1] ?? "bytes");
    options.push(known ? { code, name: known[0], value } : { code, value });
    at += (length + 3) & ~3;
  }
  return options;
}

function readValue(b: Uint8Array, at: number, length: number, big: boolean, kind: Kind): CaptureOption["value"] {
  const raw = b.slice(at, at + length);
  if (kind === "bytes" || (sizes[kind] >= 0 && sizes[kind] !== length)) return raw;
  if (kind === "u8") return b[at]!;
  if (kind === "u32") return u32(b, at, big);
  if (kind === "u64") return u64(b, at, big);
  if (kind === "i64") return BigInt.asIntN(64, u64(b, at, big));
  // Two words, the high one first, in either byte order.
  if (kind === "time") return (BigInt(u32(b, at, big)) << 32n) | BigInt(u32(b, at + 4, big));
  try {
    return decoder.decode(raw);
  } catch {
    return raw;
  }
}

/** Bytes of `options` with the end marker, or nothing when there are none. */
export function writeOptions(options: readonly CaptureOption[], big: boolean, scope: OptionScope): Uint8Array {
  if (options.length === 0) return new Uint8Array(0);
  const values = options.map((option) => writeValue(option, big, scope));
  const size = values.reduce((sum, value) => sum + 4 + ((value.length + 3) & ~3), 4);
  const out = new Uint8Array(size);
  let at = 0;
  options.forEach((option, i) => {
    const value = values[i]!;
    if (value.length > 0xffff)
      throw new RangeError(`pcapng option ${option.code}: ${value.length} bytes, at most 65535`);
    putU16(out, at, option.code, big);
    putU16(out, at + 2, value.length, big);
    out.set(value, at + 4);
    at += 4 + ((value.length + 3) & ~3);
  });
  return out;
}

function writeValue({ code, value }: CaptureOption, big: boolean, scope: OptionScope): Uint8Array {
  if (value instanceof Uint8Array) return value;
  const kind = tables[scope][code]?.[1] ?? "bytes";
  if (typeof value === "string") return kind === "bytes" ? fromHex(value) : encoder.encode(value);
  const size = kind === "text" || kind === "bytes" ? (typeof value === "bigint" ? 8 : 4) : sizes[kind];
  const out = new Uint8Array(size);
  if (size === 1) out[0] = Number(value);
  else if (size === 4) putU32(out, 0, Number(value), big);
  else if (kind === "time") {
    putU32(out, 0, Number(BigInt(value) >> 32n), big);
    putU32(out, 4, Number(BigInt(value) & 0xffffffffn), big);
  } else putU64(out, 0, BigInt.asUintN(64, BigInt(value)), big);
  return out;
}

/** The value of the first option called `name`, when it has type `type`. */
export function optionText(options: readonly CaptureOption[], name: string): string | undefined {
  const value = options.find((option) => option.name === name)?.value;
  return typeof value === "string" ? value : undefined;
}
