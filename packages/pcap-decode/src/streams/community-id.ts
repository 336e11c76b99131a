import { sha1 } from "@noble/hashes/legacy.js";
import { addressBytes } from "./endpoint.ts";
import type { FlowWords } from "./flow-key.ts";
import { Protocol } from "./locate.ts";

/** ICMP types that answer each other count as one flow, by the numbers of the Community ID specification. */
const icmpAnswers = new Map([
  [8, 0],
  [13, 14],
  [15, 16],
  [10, 9],
  [17, 18],
]);
const icmpv6Answers = new Map([
  [128, 129],
  [133, 134],
  [135, 136],
  [130, 131],
  [144, 145],
  [139, 140],
]);
for (const map of [icmpAnswers, icmpv6Answers]) for (const [request, answer] of [...map]) map.set(answer, request);

/** The type that answers an ICMP type, or `undefined` where none does. */
export function icmpAnswer(protocol: number, type: number): number | undefined {
  return (protocol === Protocol.ICMP ? icmpAnswers : icmpv6Answers).get(type);
}

const withPorts = new Set<number>(Object.values(Protocol));
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Community ID version 1 of a flow: the same in every tool that sees the flow, from either side. */
export function communityId(words: FlowWords, seed: number): string {
  const a = addressBytes(words, true);
  const b = addressBytes(words, false);
  const protocol = words.kind & 0xff;
  const bytes = [seed >>> 8, seed & 0xff, ...a, ...b, protocol, 0];
  if (withPorts.has(protocol))
    bytes.push(words.ports >>> 24, (words.ports >>> 16) & 0xff, (words.ports >>> 8) & 0xff, words.ports & 0xff);
  return `1:${base64(sha1(Uint8Array.from(bytes)))}`;
}

function base64(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const group = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    for (let k = 0; k < 4; k++) text += k <= left ? alphabet[(group >> (18 - 6 * k)) & 63] : "=";
  }
  return text;
}
