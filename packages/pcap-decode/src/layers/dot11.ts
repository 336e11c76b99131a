import { formatMac, parseMac } from "../address.ts";
import { bits, dynamic, type Field, u16le } from "../field.ts";
import { fromHex, toHex } from "../hex.ts";
import { defineLayer, type LayerType } from "../layer.ts";
import { optionalNumber } from "./content.ts";
import { LLC } from "./llc.ts";

const MANAGEMENT = 0;
const CONTROL = 1;
const DATA = 2;

const typeAt = (b: Uint8Array, o: number) => (b[o]! >> 2) & 3;
const subtypeAt = (b: Uint8Array, o: number) => b[o]! >> 4;
/** Control frames with a transmitter: PS-Poll, RTS, CF-End, block acknowledgements and their requests. */
const TRANSMITTER = new Set([8, 9, 10, 11, 14, 15]);

const hasAddress2 = (b: Uint8Array, o: number) => typeAt(b, o) !== CONTROL || TRANSMITTER.has(subtypeAt(b, o));
const hasSequence = (b: Uint8Array, o: number) => typeAt(b, o) === MANAGEMENT || typeAt(b, o) === DATA;
const hasAddress4 = (b: Uint8Array, o: number) => typeAt(b, o) === DATA && (b[o + 1]! & 3) === 3;
const hasQoS = (b: Uint8Array, o: number) => typeAt(b, o) === DATA && (b[o]! & 0x80) !== 0;
/** The order bit means an HT control field in QoS data and management frames. */
const hasHT = (b: Uint8Array, o: number) => (b[o + 1]! & 0x80) !== 0 && (hasQoS(b, o) || typeAt(b, o) === MANAGEMENT);

function address(present: (b: Uint8Array, o: number) => boolean): Field<string | undefined, string> {
  return dynamic<string | undefined, string>({
    size: (b, _at, _end, start) => (present(b, start) ? 6 : 0),
    read: (b, at, end) => (end - at === 6 ? formatMac(b, at) : undefined),
    write: (out, value) => out.put(parseMac(value)),
  });
}

function headerLength(b: Uint8Array, o: number): number {
  return (
    4 +
    6 +
    (hasAddress2(b, o) ? 6 : 0) +
    (hasSequence(b, o) ? 8 : 0) +
    (hasAddress4(b, o) ? 6 : 0) +
    (hasQoS(b, o) ? 2 : 0) +
    (hasHT(b, o) ? 4 : 0)
  );
}

/** IEEE 802.11 header; numbers are low byte first. Encrypted frames and bodies of management frames are payload. */
export const Dot11 = defineLayer({
  name: "Dot11",
  fields: {
    subtype: bits(4),
    type: bits(2, { names: { 0: "management", 1: "control", 2: "data", 3: "extension" } }),
    version: bits(2),
    flags: bits(8, {
      flags: ["to-ds", "from-ds", "more-fragments", "retry", "power-management", "more-data", "protected", "order"],
    }),
    duration: u16le(),
    address1: address(() => true),
    address2: address(hasAddress2),
    address3: address(hasSequence),
    sequenceControl: optionalNumber(2, hasSequence),
    address4: address(hasAddress4),
    qos: optionalNumber(2, hasQoS),
    htControl: optionalNumber(4, hasHT),
  },
  headerLength,
  next(b, o): LayerType | undefined {
    const isNull = (b[o]! & 0x40) !== 0;
    const encrypted = (b[o + 1]! & 0x40) !== 0;
    return typeAt(b, o) === DATA && !isNull && !encrypted ? LLC : undefined;
  },
  summary: (view) =>
    `${["management", "control", "data", "extension"][view.type]} ${view.subtype} to ${view.address1 ?? "?"}`,
});

/** Radiotap (https://www.radiotap.org): the driver's notes on a frame. `data` is the fields that `present` announces. */
export const Radiotap = defineLayer({
  name: "Radiotap",
  fields: {
    version: bits(8),
    padding: bits(8),
    length: u16le({ auto: ({ headerLength: length }) => length }),
    data: dynamic<string>(
      { read: (b, at, end) => toHex(b, at, end), write: (out, value) => out.put(fromHex(value)) },
      { default: "00000000" },
    ),
  },
  headerLength: (b, o) => b[o + 2]! | (b[o + 3]! << 8),
  next: () => Dot11,
  derive: {
    /** Words of presence bits, lowest word first. */
    present: (view): number[] => {
      const words: number[] = [];
      for (let at = view.offset + 4; at + 4 <= view.offset + view.headerLength; at += 4) {
        const word =
          (view.buffer[at]! |
            (view.buffer[at + 1]! << 8) |
            (view.buffer[at + 2]! << 16) |
            (view.buffer[at + 3]! << 24)) >>>
          0;
        words.push(word);
        if (word < 0x80000000) break;
      }
      return words;
    },
  },
});
