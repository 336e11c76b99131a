import { InvalidValueError } from "../errors.ts";
import type { LayerSpec, LayerType } from "../layer.ts";
import { IPv4, type IPv4Option } from "../layers/ipv4.ts";
import { IPv6 } from "../layers/ipv6.ts";
import { IPv6DestinationOptions, IPv6Fragment, IPv6HopByHop, IPv6Routing } from "../layers/ipv6-extensions.ts";
import { ipProtocols } from "../layers/tables.ts";
import { Stack } from "./stack.ts";

const MORE_FRAGMENTS = 1;
const DONT_FRAGMENT = 2;
/** Options with this bit are repeated in every fragment (RFC 791 section 3.1). */
const COPIED = 0x80;

/** The packet of `whole` in fragments of at most `mtu` bytes of its outermost IP layer. */
export function fragmentStack(whole: Stack, mtu: number): Uint8Array[] {
  const index = whole.layers.findIndex(({ layer }) => is(layer, IPv4) || is(layer, IPv6));
  if (index < 0)
    throw new InvalidValueError(
      "fragment",
      whole.layers.map(({ layer }) => layer.name).join(" / "),
      "a packet with IPv4 or IPv6",
    );
  const packet = whole.packet({ time: 0 });
  if (is(whole.layers[index]!.layer, IPv4)) return fragmentIPv4(whole, index, packet.require(IPv4), mtu);
  return fragmentIPv6(whole, index, mtu);
}

function is(layer: LayerType, other: unknown): boolean {
  return layer === other;
}

function fragmentIPv4(whole: Stack, index: number, ip: InstanceType<(typeof IPv4)["view"]>, mtu: number): Uint8Array[] {
  const payload = ip.payload;
  if (ip.headerLength + payload.length <= mtu) return [whole.bytes()];
  if (ip.flags & DONT_FRAGMENT)
    throw new InvalidValueError(
      "fragment",
      mtu,
      `at least ${ip.headerLength + payload.length}: the packet says "don't fragment"`,
    );
  const spec = whole.layers[index]!;
  const outer = whole.layers.slice(0, index);
  const fragments: Uint8Array[] = [];
  let at = 0;
  while (at < payload.length) {
    const options = ((spec.values.options ?? []) as readonly IPv4Option[]).filter(
      ({ type }) => at === 0 || type & COPIED,
    );
    const header = at === 0 ? ip.headerLength : new Stack([IPv4({ options })], new Uint8Array(0)).bytes().length;
    const room = roomFor(mtu, header);
    const last = payload.length - at <= mtu - header;
    const part = payload.subarray(at, last ? payload.length : at + room);
    const values = {
      ...spec.values,
      options,
      protocol: ip.protocol,
      flags: last ? ip.flags : ip.flags | MORE_FRAGMENTS,
      fragmentOffset: ip.fragmentOffset + at / 8,
      ihl: undefined,
      totalLength: undefined,
      checksum: undefined,
    };
    fragments.push(new Stack([...outer, { layer: spec.layer, values }], part).bytes());
    at += part.length;
  }
  return fragments;
}

/** Headers that every router reads stay in front of the fragment header (RFC 8200 section 4.5). */
function unfragmentable(layers: readonly LayerSpec[], index: number): number {
  let end = index + 1;
  for (let i = index + 1; i < layers.length; i++) {
    const { layer } = layers[i]!;
    if (is(layer, IPv6HopByHop) || is(layer, IPv6Routing)) end = i + 1;
    else if (!is(layer, IPv6DestinationOptions)) break;
  }
  return end;
}

function fragmentIPv6(whole: Stack, index: number, mtu: number): Uint8Array[] {
  const bytes = whole.bytes();
  const end = unfragmentable(whole.layers, index);
  const before = new Stack(whole.layers.slice(0, index), new Uint8Array(0)).bytes().length;
  const fixed = new Stack(whole.layers.slice(index, end), new Uint8Array(0)).bytes().length;
  const trailers = whole.layers.slice(0, index + 1).reduce((sum, { trailer }) => sum + (trailer?.length ?? 0), 0);
  const payload = bytes.subarray(before + fixed, bytes.length - trailers);
  if (fixed + payload.length <= mtu) return [bytes];
  const inner = whole.layers[end]?.layer;
  const nextHeader = ipProtocols.keyOf(inner) ?? 59;
  // One identification a packet; random as RFC 7739 asks.
  const id = Math.floor(Math.random() * 2 ** 32);
  const fragments: Uint8Array[] = [];
  for (let at = 0; at < payload.length; ) {
    const room = roomFor(mtu, fixed + IPv6Fragment.code.size);
    const last = payload.length - at <= mtu - fixed - IPv6Fragment.code.size;
    const part = payload.subarray(at, last ? payload.length : at + room);
    const header = IPv6Fragment({ nextHeader, fragmentOffset: at / 8, moreFragments: last ? 0 : 1, id });
    const layers = whole.layers
      .slice(0, end)
      .map((spec, i) =>
        i < index ? spec : { ...spec, values: { ...spec.values, payloadLength: undefined, nextHeader: undefined } },
      );
    fragments.push(new Stack([...layers, header], part).bytes());
    at += part.length;
  }
  return fragments;
}

/** Bytes of payload in a fragment that is not the last: a multiple of eight. */
function roomFor(mtu: number, header: number): number {
  const room = Math.floor((mtu - header) / 8) * 8;
  if (room < 8)
    throw new InvalidValueError("fragment(mtu)", mtu, `at least ${header + 8}: the header has ${header} bytes`);
  return room;
}
