import { closeSync, openSync, writeSync } from "node:fs";

/**
 * Captures for the decoders to read, made from a seed: the same bytes on every machine, and none of them anyone's traffic.
 * Roughly what an office's uplink carries: bare acknowledgements, web traffic, DNS, a little of everything else.
 */

/** Different packets; each is written many times, with ports, sequence numbers and times of its own. */
const templateCount = 4096;
const batchBytes = 4 * 2 ** 20;
const recordHeader = 16;
/** Seconds since 1970 of the first packet. */
const start = 1_700_000_000;

/**
 * A small generator of uniform numbers (xorshift32): the same everywhere for the same seed.
 *
 * @param {number} seed not 0
 * @returns {(below: number) => number} an integer from 0 to below - 1
 */
function createRandom(seed) {
  let state = seed >>> 0;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** @typedef {ReturnType<typeof createRandom>} Random */

/** @type {(...parts: (number[] | Uint8Array)[]) => Uint8Array} */
const bytes = (...parts) => Uint8Array.from(parts.flatMap((part) => [...part]));
/** @type {(value: number) => number[]} */
const u16 = (value) => [(value >> 8) & 255, value & 255];
/** @type {(random: Random, count: number) => number[]} */
const noise = (random, count) => Array.from({ length: count }, () => random(256));
/** @type {(text: string) => Uint8Array} */
const ascii = (text) => new TextEncoder().encode(text);

/** @type {(random: Random, type: number[]) => number[]} */
const ethernet = (random, type) => [...[0x02, 0, 0, 0, 0, random(4)], ...[0x02, 0, 0, 0, 1, random(200)], ...type];

/** @type {(data: Uint8Array, from: number, to: number, seed?: number) => number} */
function checksum(data, from, to, seed = 0) {
  let sum = seed;
  for (let i = from; i < to; i += 2) sum += (data[i] << 8) | (i + 1 < to ? data[i + 1] : 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** @type {(random: Random, protocol: number, payload: Uint8Array) => Uint8Array} */
function ipv4(random, protocol, payload) {
  const header = bytes(
    [0x45, 0, ...u16(20 + payload.length), ...u16(random(65536)), 0x40, 0],
    [64 - random(12), protocol, 0, 0],
    [10, 0, random(4), 1 + random(200)],
    [198, 51, 100, 1 + random(200)],
  );
  header.set(u16(checksum(header, 0, 20)), 10);
  return bytes(header, payload);
}

/** @type {(random: Random, protocol: number, payload: Uint8Array) => Uint8Array} */
const ipv6 = (random, protocol, payload) =>
  bytes(
    [0x60, 0, 0, 0, ...u16(payload.length), protocol, 64],
    [0x20, 0x01, 0x0d, 0xb8, ...noise(random, 12)],
    [0x20, 0x01, 0x0d, 0xb8, 0, 1, ...noise(random, 10)],
    payload,
  );

/** @type {(random: Random, port: number, flags: number, payload: ArrayLike<number>) => Uint8Array} */
const tcp = (random, port, flags, payload) =>
  bytes(
    [...u16(32768 + random(28000)), ...u16(port), ...noise(random, 8), 0x80, flags, ...u16(random(65536)), 0, 0, 0, 0],
    [1, 1, 8, 10, ...noise(random, 8)],
    Array.from(payload),
  );

/** @type {(random: Random, port: number, payload: ArrayLike<number>) => Uint8Array} */
const udp = (random, port, payload) =>
  bytes([...u16(32768 + random(28000)), ...u16(port), ...u16(8 + payload.length), 0, 0], Array.from(payload));

/** @type {(random: Random) => Uint8Array} */
const dnsQuery = (random) =>
  bytes(
    [...noise(random, 2), 1, 0, 0, 1, 0, 0, 0, 0, 0, 0],
    [7, ...ascii(`host${100 + random(900)}`), 7, ...ascii("example"), 3, ...ascii("com"), 0],
    [0, [1, 28, 15][random(3)], 0, 1],
  );

/** @type {(random: Random) => Uint8Array} */
const tlsData = (random) => {
  const size = 40 + random(300);
  return bytes([0x17, 3, 3, ...u16(size)], noise(random, size));
};

/** @type {(random: Random) => Uint8Array} */
const httpRequest = (random) =>
  ascii(`GET /pages/${random(10_000)} HTTP/1.1\r\nHost: www${random(50)}.example.com\r\nAccept: */*\r\n\r\n`);

const ACK = 0x10;
const PUSH_ACK = 0x18;
const TCP = 6;
const UDP = 17;
const webPorts = [443, 443, 443, 80, 22, 8080];

/** A packet by its share: of 100 packets, how many are of the kind. */
/** @type {readonly (readonly [share: number, make: (random: Random) => Uint8Array])[]} */
const kinds = [
  [30, (r) => bytes(ethernet(r, [8, 0]), ipv4(r, TCP, tcp(r, webPorts[r(6)], ACK, [])))],
  [24, (r) => bytes(ethernet(r, [8, 0]), ipv4(r, TCP, tcp(r, 443, PUSH_ACK, tlsData(r))))],
  [8, (r) => bytes(ethernet(r, [8, 0]), ipv4(r, TCP, tcp(r, 80, PUSH_ACK, httpRequest(r))))],
  [6, (r) => bytes(ethernet(r, [8, 0]), ipv4(r, TCP, tcp(r, 22, PUSH_ACK, noise(r, 36 + r(64)))))],
  [12, (r) => bytes(ethernet(r, [8, 0]), ipv4(r, UDP, udp(r, 53, dnsQuery(r))))],
  [6, (r) => bytes(ethernet(r, [8, 0]), ipv4(r, UDP, udp(r, 40_000 + r(1000), noise(r, 60 + r(200)))))],
  [6, (r) => bytes(ethernet(r, [0x86, 0xdd]), ipv6(r, TCP, tcp(r, 443, ACK, [])))],
  [3, (r) => bytes(ethernet(r, [0x81, 0, 0, 1 + r(100), 8, 0]), ipv4(r, TCP, tcp(r, 443, ACK, [])))],
  [3, (r) => bytes(ethernet(r, [8, 0]), ipv4(r, 1, bytes([8, 0, 0, 0], noise(r, 60))))],
  [2, (r) => bytes(ethernet(r, [8, 6]), [0, 1, 8, 0, 6, 4, 0, 1], noise(r, 20), new Uint8Array(18))],
];

/** @type {(random: Random) => Uint8Array} */
function makePacket(random) {
  let left = random(100);
  for (const [share, make] of kinds) {
    left -= share;
    if (left < 0) return make(random);
  }
  throw new Error("The shares of the packets add up to less than 100");
}

/** The 24 bytes at the start of a pcap of Ethernet packets, microseconds. */
export const pcapHeader = bytes([0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0], [0, 0, 4, 0, 1, 0, 0, 0]);

/**
 * Records of a pcap in pieces of about 4 MiB. A piece is overwritten by the next.
 *
 * @param {number} count packets
 * @param {number} [seed]
 * @returns {Generator<Uint8Array>}
 */
export function* pcapRecords(count, seed = 1) {
  const random = createRandom(seed);
  const templates = Array.from({ length: templateCount }, () => makePacket(random));
  const buffer = Buffer.alloc(batchBytes);
  let at = 0;
  for (let i = 0; i < count; i++) {
    const packet = templates[random(templateCount)];
    if (at + recordHeader + packet.length > batchBytes) {
      yield buffer.subarray(0, at);
      at = 0;
    }
    buffer.writeUInt32LE(start + Math.floor(i / 10_000), at);
    buffer.writeUInt32LE((i % 10_000) * 100 + random(100), at + 4);
    buffer.writeUInt32LE(packet.length, at + 8);
    buffer.writeUInt32LE(packet.length, at + 12);
    buffer.set(packet, at + recordHeader);
    at += recordHeader + packet.length;
  }
  yield buffer.subarray(0, at);
}

/**
 * Writes a pcap of `count` packets to `path`.
 *
 * @param {string} path
 * @param {number} count
 * @param {number} [seed]
 */
export function writeCapture(path, count, seed) {
  const file = openSync(path, "w");
  try {
    writeSync(file, pcapHeader);
    for (const piece of pcapRecords(count, seed)) writeSync(file, piece);
  } finally {
    closeSync(file);
  }
}
