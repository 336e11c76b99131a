import { formatIPv4, ipv4, parseIPv4 } from "../address.ts";
import { internetChecksum, sumWords } from "../build/checksum.ts";
import { bits, dynamic, u8, u16 } from "../field.ts";
import { fromHex, toHex } from "../hex.ts";
import { defineLayer } from "../layer.ts";
import { nextNumber, totalLength } from "./computed.ts";
import { ipProtocolNames, ipProtocols } from "./tables.ts";

/** An IPv4 option: `type` with its copy and class bits (RFC 791 section 3.1), `data` the bytes behind its length. */
export interface IPv4Option {
  readonly type: number;
  /** Hexadecimal; missing for the one-byte options 0 (end, which takes the rest) and 1 (no operation). */
  readonly data?: string;
  /** Set on bytes that are no option: a length that cannot be. */
  readonly malformed?: true;
}

const TYPE_END = 0;
const TYPE_NOP = 1;
/** Loose and strict source routes move the final destination into the option. */
const SOURCE_ROUTES = new Set([131, 137]);

function readOptions(b: Uint8Array, at: number, end: number): IPv4Option[] {
  const options: IPv4Option[] = [];
  while (at < end) {
    const type = b[at]!;
    if (type === TYPE_NOP) {
      options.push({ type });
      at++;
    } else if (type === TYPE_END) {
      options.push(end - at > 1 ? { type, data: toHex(b, at + 1, end) } : { type });
      break;
    } else {
      const length = end - at < 2 ? 0 : b[at + 1]!;
      if (length < 2 || length > end - at) {
        options.push({ type, data: toHex(b, at + 1, end), malformed: true });
        break;
      }
      options.push({ type, data: toHex(b, at + 2, at + length) });
      at += length;
    }
  }
  return options;
}

/** The address a transport checksum covers: the last hop of a source route, if there is one. */
function finalDestination(values: Readonly<Record<string, unknown>>): Uint8Array {
  const options = (values.options ?? []) as readonly IPv4Option[];
  const route = options.find((option) => SOURCE_ROUTES.has(option.type) && option.data !== undefined);
  if (route !== undefined) {
    const data = fromHex(route.data!);
    const pointer = data[0]!;
    if (pointer >= 4 && pointer + 2 < data.length + 2 && data.length >= 5)
      return parseIPv4(formatIPv4(data, data.length - 4));
  }
  return parseIPv4(values.dst as string);
}

/** Internet Protocol version 4 (RFC 791). */
export const IPv4 = defineLayer({
  name: "IPv4",
  accepts: (b, o) => b[o]! >> 4 === 4,
  fields: {
    version: bits(4, { default: 4 }),
    ihl: bits(4, { auto: ({ headerLength }) => headerLength / 4 }),
    dscp: bits(6),
    ecn: bits(2),
    totalLength: u16({ auto: totalLength }),
    id: u16({ default: 1, hex: true }),
    flags: bits(3, { flags: ["mf", "df", "reserved"] }),
    fragmentOffset: bits(13),
    ttl: u8({ default: 64 }),
    protocol: u8(nextNumber(ipProtocols, { names: ipProtocolNames })),
    checksum: u16({
      hex: true,
      auto: ({ buffer, offset, headerLength }) => internetChecksum(buffer, offset, offset + headerLength),
    }),
    src: ipv4({ default: "127.0.0.1" }),
    dst: ipv4({ default: "127.0.0.1" }),
    options: dynamic<IPv4Option[], readonly IPv4Option[]>({
      read: readOptions,
      write(out, options) {
        for (const { type, data, malformed } of options ?? []) {
          out.u8(type);
          if (type <= TYPE_NOP || malformed) out.put(fromHex(data ?? ""));
          else {
            const bytes = fromHex(data ?? "");
            out.u8(bytes.length + 2);
            out.put(bytes);
          }
        }
      },
    }),
  },
  headerLength: (b, o) => (b[o]! & 15) * 4,
  totalLength: (b, o) => (b[o + 2]! << 8) | b[o + 3]!,
  align: 4,
  next: (b, o): number => ((b[o + 6]! & 0x1f) === 0 && b[o + 7] === 0 ? ipProtocols.idOf(b[o + 9]!) : 0),
  derive: {
    moreFragments: (view) => (view.flags & 1) !== 0,
    dontFragment: (view) => (view.flags & 2) !== 0,
  },
  pseudoHeader(values, protocol, length) {
    const src = parseIPv4(values.src as string);
    return sumWords(
      finalDestination(values),
      0,
      4,
      sumWords(src, 0, 4, protocol + (length & 0xffff) + (length >>> 16)),
    );
  },
  summary: (view) =>
    view.fragmentOffset > 0 || view.flags & 1 ? `fragment id=${view.id} offset=${view.fragmentOffset * 8}` : "",
});
