import { formatIPv4, formatIPv6, formatMac } from "../address.ts";
import type { FlowKey, FlowWords } from "./flow-key.ts";

/** One end of a flow. */
export interface Endpoint {
  readonly address: string;
  /** Port, 0 where the protocol has none; for ICMP the number that Community ID gives it. */
  readonly port: number;
}

/** The words of `key` for keeping. */
export function keepWords({ hash, kind, ports, a0, a1, a2, a3, b0, b1, b2, b3 }: FlowKey): FlowWords {
  return { hash, kind, ports, a0, a1, a2, a3, b0, b1, b2, b3 };
}

/** Bytes of endpoint a's or b's address: 4, 16 or 6. */
export function addressBytes(words: FlowWords, first: boolean): Uint8Array {
  const version = (words.kind >> 8) & 15;
  const all = new Uint8Array(16);
  const parts = first ? [words.a0, words.a1, words.a2, words.a3] : [words.b0, words.b1, words.b2, words.b3];
  parts.forEach((part, i) => {
    for (let byte = 0; byte < 4; byte++) all[i * 4 + byte] = part >>> (24 - 8 * byte);
  });
  if (version === 6) return all;
  if (version === 4) return all.subarray(0, 4);
  all.copyWithin(4, 6, 8);
  return all.subarray(0, 6);
}

/** Endpoint a or b as text and number. */
export function endpointOf(words: FlowWords, first: boolean): Endpoint {
  const bytes = addressBytes(words, first);
  const format = bytes.length === 4 ? formatIPv4 : bytes.length === 16 ? formatIPv6 : formatMac;
  return { address: format(bytes, 0), port: first ? words.ports >>> 16 : words.ports & 0xffff };
}

/** `192.0.2.1:80`, `[2001:db8::1]:80`; the address alone with port 0. */
export function endpointText({ address, port }: Endpoint): string {
  if (port === 0) return address;
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
