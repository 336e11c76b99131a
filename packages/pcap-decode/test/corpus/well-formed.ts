import type { LayerView } from "../../src/layer.ts";
import type { IPv4 } from "../../src/layers/ipv4.ts";
import type { Packet } from "../../src/packet.ts";

/** Sum of 16-bit words; a correct checksum makes the words it covers sum to all ones (RFC 1071). */
function sum(words: Uint8Array, start = 0): number {
  let total = start;
  for (let i = 0; i < words.length; i += 2) total += words[i]! * 256 + (words[i + 1] ?? 0);
  return total;
}
function folds(total: number): boolean {
  return total % 0xffff === 0;
}

/** Upper layers with a checksum, whether it covers a pseudo-header, and where it is. */
const checked: Readonly<
  Record<
    string,
    { readonly protocol: number; readonly at: number } | { readonly protocol?: undefined; readonly at: number }
  >
> = {
  TCP: { protocol: 6, at: 16 },
  UDP: { protocol: 17, at: 6 },
  ICMPv6: { protocol: 58, at: 2 },
  ICMP: { at: 2 },
  IGMP: { at: 2 },
};

function bytes(view: LayerView, from: number, to: number): Uint8Array {
  return view.buffer.subarray(view.offset + from, view.offset + to);
}

/**
 * Whole, without error, and with right checksums by a computation of its own: a packet that could have been built.
 * Fragments and quoted packets are not judged by the checksum of what they hold a part of.
 */
export function isWellFormed(packet: Packet): boolean {
  if (packet.error !== undefined || packet.truncated) return false;
  const layers = packet.layers;
  for (const [i, view] of layers.entries()) {
    const { name } = view.layer;
    if (name === "IPv4") {
      const ip = view as InstanceType<(typeof IPv4)["view"]>;
      if (ip.totalLength === 0 || !folds(sum(bytes(view, 0, ip.headerLength)))) return false;
    }
    const rule = checked[name];
    if (rule === undefined) continue;
    const below = layers.slice(0, i).findLast((each) => each.layer.name === "IPv4" || each.layer.name === "IPv6");
    if (below === undefined) continue;
    const length = view.headerLength + view.payload.length;
    const body = bytes(view, 0, length);
    if (name === "UDP" && (body[6]! << 8) + body[7]! === 0) return false;
    const isFragment = below.layer.name === "IPv4" && (below as InstanceType<(typeof IPv4)["view"]>).moreFragments;
    if (
      isFragment ||
      (layers[i - 1]!.layer.name.startsWith("IPv6") &&
        layers.slice(0, i).some((each) => each.layer.name === "IPv6Fragment"))
    )
      return false;
    let total = sum(body);
    if (rule.protocol !== undefined) {
      const addresses = below.layer.name === "IPv4" ? bytes(below, 12, 20) : bytes(below, 8, 40);
      // A routing header moves the address that counts; those packets are judged by their own tests.
      if (
        layers
          .slice(0, i)
          .some((each) => each.layer.name === "IPv6Routing" || each.layer.name === "IPv6DestinationOptions")
      )
        return false;
      total = sum(addresses, total + rule.protocol + length);
    }
    if (!folds(total)) return false;
  }
  return true;
}
