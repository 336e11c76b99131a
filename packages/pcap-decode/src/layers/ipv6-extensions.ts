import { formatIPv6 } from "../address.ts";
import { bits, dynamic, type Field, u8, u16, u32 } from "../field.ts";
import { fromHex, toHex } from "../hex.ts";
import { defineLayer, type LayerType } from "../layer.ts";
import { nextNumber } from "./computed.ts";
import { type TypeAndData, variableBytes } from "./content.ts";
import { ipProtocolNames, ipProtocols } from "./tables.ts";

const NO_NEXT_HEADER = 59;
const HOME_ADDRESS = 201;
const nextHeader = () => u8({ ...nextNumber(ipProtocols, { names: ipProtocolNames }), default: NO_NEXT_HEADER });
const lengthInEights = () => u8({ auto: ({ headerLength }) => headerLength / 8 - 1 });
const eights = (b: Uint8Array, o: number) => (b[o + 1]! + 1) * 8;
const next = (b: Uint8Array, o: number): LayerType | undefined => ipProtocols.get(b[o]!);

/** Options of RFC 8200 section 4.2; type 0 is one byte of padding and has no data. */
function optionList(): Field<TypeAndData[], readonly TypeAndData[]> {
  return dynamic<TypeAndData[], readonly TypeAndData[]>(
    {
      read(b, at, end) {
        const options: TypeAndData[] = [];
        while (at < end) {
          const type = b[at]!;
          if (type === 0) {
            options.push({ type, data: "" });
            at++;
            continue;
          }
          const length = end - at < 2 ? 0 : b[at + 1]!;
          if (end - at < 2 || length > end - at - 2) break;
          options.push({ type, data: toHex(b, at + 2, at + 2 + length) });
          at += 2 + length;
        }
        return options;
      },
      write(out, options) {
        for (const { type, data } of options) {
          out.u8(type);
          if (type === 0) continue;
          const bytes = fromHex(data);
          out.u8(bytes.length);
          out.put(bytes);
        }
        // The header is a multiple of eight bytes: Pad1 and PadN (RFC 8200 section 4.2).
        const missing = (8 - (out.length % 8)) % 8;
        if (missing === 1) out.u8(0);
        else if (missing > 1) {
          out.u8(1);
          out.u8(missing - 2);
          out.fill(missing - 2);
        }
      },
    },
    { default: [] },
  );
}

/** Hop-by-hop options (RFC 8200 section 4.3). */
export const IPv6HopByHop = defineLayer({
  name: "IPv6HopByHop",
  fields: { nextHeader: nextHeader(), length: lengthInEights(), options: optionList() },
  headerLength: eights,
  next,
});

/** Destination options (RFC 8200 section 4.6). */
export const IPv6DestinationOptions = defineLayer({
  name: "IPv6DestinationOptions",
  fields: { nextHeader: nextHeader(), length: lengthInEights(), options: optionList() },
  headerLength: eights,
  next,
  // The home address of a mobile node stands for its source (RFC 6275 section 11.3.2).
  pseudoAddresses({ options }) {
    const home = (options as readonly TypeAndData[] | undefined)?.find((option) => option.type === HOME_ADDRESS);
    return home === undefined || home.data.length !== 32 ? {} : { src: formatIPv6(fromHex(home.data), 0) };
  },
});

/** Routing (RFC 8200 section 4.4); `addresses` for types 0 and 2, segments last first for type 4 (RFC 8754). */
export const IPv6Routing = defineLayer({
  name: "IPv6Routing",
  fields: {
    nextHeader: nextHeader(),
    length: lengthInEights(),
    type: u8({ names: { 0: "source route", 2: "mobility", 3: "RPL", 4: "segment routing" } }),
    segmentsLeft: u8(),
    data: variableBytes(),
  },
  headerLength: eights,
  align: 8,
  next,
  derive: {
    addresses: (view): string[] => {
      const { type, data } = view;
      const first = type === 0 || type === 2 || type === 4 ? 4 : data.length;
      const count = type === 4 ? (data[0] ?? 0) + 1 : (data.length - 4) >> 4;
      const addresses: string[] = [];
      for (let at = first; at + 16 <= data.length && addresses.length < count; at += 16)
        addresses.push(formatIPv6(data, at));
      return addresses;
    },
  },
  // Checksums cover the last address of the route (RFC 8200 section 8.1); type 4 lists it first.
  pseudoAddresses({ type, segmentsLeft, data }) {
    const bytes = typeof data === "string" ? fromHex(data) : (data as Uint8Array | undefined);
    if (!segmentsLeft || bytes === undefined || bytes.length < 20) return {};
    if (type === 4) return { dst: formatIPv6(bytes, 4) };
    return type === 0 || type === 2 ? { dst: formatIPv6(bytes, bytes.length - 16) } : {};
  },
});

/** Fragment (RFC 8200 section 4.5); the offset is in units of eight bytes. */
export const IPv6Fragment = defineLayer({
  name: "IPv6Fragment",
  fields: {
    nextHeader: nextHeader(),
    reserved: u8(),
    fragmentOffset: bits(13),
    reserved2: bits(2),
    moreFragments: bits(1),
    id: u32({ hex: true }),
  },
  next: (b, o) => (b[o + 2] === 0 && b[o + 3]! < 8 ? ipProtocols.get(b[o]!) : undefined),
  summary: (view) => `fragment id=${view.id} offset=${view.fragmentOffset * 8}`,
});

/** Authentication header (RFC 4302). */
export const AH = defineLayer({
  name: "AH",
  fields: {
    nextHeader: nextHeader(),
    length: u8({ auto: ({ headerLength }) => headerLength / 4 - 2 }),
    reserved: u16(),
    spi: u32({ hex: true }),
    sequence: u32(),
    icv: variableBytes(),
  },
  headerLength: (b, o) => (b[o + 1]! + 2) * 4,
  align: 4,
  next,
});

/** Encapsulating security payload (RFC 4303): what follows is encrypted. */
export const ESP = defineLayer({
  name: "ESP",
  fields: { spi: u32({ hex: true }), sequence: u32() },
  summary: (view) => `spi=0x${view.spi.toString(16)} seq=${view.sequence}`,
});
