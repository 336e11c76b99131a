import type { Test } from "../block.ts";
import { BPF } from "../instruction.ts";
import { isWireless } from "../link-type.ts";
import { compare } from "./load.ts";
import { fail, type GenerateState } from "./state.ts";

const TYPE_MASK = 0x0c;
const SUBTYPE_MASK = 0xf0;
const DIRECTION_MASK = 0x03;

const TYPES: Readonly<Record<string, number>> = { mgt: 0x00, management: 0x00, ctl: 0x04, control: 0x04, data: 0x08 };

/** Subtypes of each type (IEEE 802.11, table 9-1), shifted as in the first byte of a frame. */
const SUBTYPES: Readonly<Record<number, Readonly<Record<string, number>>>> = {
  0: {
    "assoc-req": 0x00,
    assocreq: 0x00,
    "assoc-resp": 0x10,
    assocresp: 0x10,
    "reassoc-req": 0x20,
    reassocreq: 0x20,
    "reassoc-resp": 0x30,
    reassocresp: 0x30,
    "probe-req": 0x40,
    probereq: 0x40,
    "probe-resp": 0x50,
    proberesp: 0x50,
    beacon: 0x80,
    atim: 0x90,
    disassoc: 0xa0,
    disassociation: 0xa0,
    auth: 0xb0,
    authentication: 0xb0,
    deauth: 0xc0,
    deauthentication: 0xc0,
  },
  4: {
    bar: 0x80,
    ba: 0x90,
    "ps-poll": 0xa0,
    rts: 0xb0,
    cts: 0xc0,
    ack: 0xd0,
    "cf-end": 0xe0,
    "cf-end-ack": 0xf0,
  },
  8: {
    data: 0x00,
    "data-cf-ack": 0x10,
    "data-cf-poll": 0x20,
    "data-cf-ack-poll": 0x30,
    null: 0x40,
    "cf-ack": 0x50,
    "cf-poll": 0x60,
    "cf-ack-poll": 0x70,
    "qos-data": 0x80,
    "qos-data-cf-ack": 0x90,
    "qos-data-cf-poll": 0xa0,
    "qos-data-cf-ack-poll": 0xb0,
    qos: 0xc0,
    "qos-cf-poll": 0xe0,
    "qos-cf-ack-poll": 0xf0,
  },
};

const DIRECTIONS: Readonly<Record<string, number>> = { nods: 0, tods: 1, fromds: 2, dstods: 3 };

/** `type`, and `type … subtype …`. */
export function wlanType(state: GenerateState, type: number | string, subtype?: number | string): Test {
  assertWireless(state, "type");
  const typeBits = typeof type === "number" ? type : own(TYPES, type);
  if (typeBits === undefined) return fail(state, `unknown 802.11 type name "${type}"`);
  if ((typeBits & ~TYPE_MASK) !== 0) return fail(state, `invalid 802.11 type value ${type}`);
  if (subtype === undefined) return compare(state, "header", 0, BPF.B, typeBits, TYPE_MASK);
  const subtypeBits = typeof subtype === "number" ? subtype : own(SUBTYPES[typeBits] ?? {}, subtype);
  if (subtypeBits === undefined) return fail(state, `unknown 802.11 subtype name "${subtype}"`);
  if ((subtypeBits & ~SUBTYPE_MASK) !== 0) return fail(state, `invalid 802.11 subtype value ${subtype}`);
  return compare(state, "header", 0, BPF.B, typeBits | subtypeBits, TYPE_MASK | SUBTYPE_MASK);
}

/** `subtype` alone: its name tells the type. */
export function wlanSubtype(state: GenerateState, subtype: string): Test {
  assertWireless(state, "subtype");
  for (const [type, subtypes] of Object.entries(SUBTYPES)) {
    const bits = own(subtypes, subtype);
    if (bits !== undefined) return compare(state, "header", 0, BPF.B, Number(type) | bits, TYPE_MASK | SUBTYPE_MASK);
  }
  return fail(state, `unknown 802.11 type name "${subtype}"`);
}

/** `dir`: to or from a distribution system. */
export function wlanDirection(state: GenerateState, direction: number | string): Test {
  assertWireless(state, "dir");
  const bits = typeof direction === "number" ? direction : own(DIRECTIONS, direction);
  if (bits === undefined) return fail(state, `unknown 802.11 direction "${direction}"`);
  if (bits > DIRECTION_MASK) return fail(state, `invalid 802.11 direction ${direction}`);
  return compare(state, "header", 1, BPF.B, bits, DIRECTION_MASK);
}

function assertWireless(state: GenerateState, keyword: string): void {
  if (!isWireless(state.linkType)) fail(state, `'${keyword}' is supported only on 802.11`);
}

function own(table: Readonly<Record<string, number>>, name: string): number | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
