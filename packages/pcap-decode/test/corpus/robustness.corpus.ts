import { afterAll, describe, expect, test } from "vitest";
import { openCapture } from "../../src/container/capture.ts";
import { readCapture } from "../../src/container/memory-capture.ts";
import { CaptureFormatError } from "../../src/errors.ts";
import type { LayerView } from "../../src/layer.ts";
import { Packet } from "../../src/packet.ts";
import { Random } from "../random.ts";
import { bytesOf, captures, hasCorpus } from "./corpus.ts";

/** At least this many mutated packets in a run. */
const WANTED = 1_000_000;
/** A packet may take this long at most; the slowest kind takes a hundredth of it. */
const MAX_MILLISECONDS = 250;
const SUSPICIOUS_MILLISECONDS = 20;
const SPECIAL = [0, 1, 0x7f, 0xff];
const SEED = Number(process.env.SOCKEYE_SEED ?? 20_240_229);

const counts = { seed: SEED, packets: 0, truncations: 0, bitFlips: 0, lengths: 0, isolated: 0, slowestMilliseconds: 0 };
afterAll(() => {
  if (hasCorpus) console.log("robustness:", JSON.stringify(counts));
});

const getters = new Map<object, string[]>();

/** Reads every field, derived ones too. */
function readAll(view: LayerView): void {
  const prototype = Object.getPrototypeOf(view) as object;
  let names = getters.get(prototype);
  if (names === undefined) {
    names = Object.getOwnPropertyNames(prototype).filter((name) => name !== "constructor" && name !== "toJSON");
    getters.set(prototype, names);
  }
  for (const name of names) void (view as unknown as Record<string, unknown>)[name];
}

function packetOf(bytes: Uint8Array, linkType: number): Packet {
  return new Packet(bytes, 0, bytes.length, bytes.length, linkType, 0, 0);
}

function names(packet: Packet): string[] {
  return packet.layers.map((view) => `${view.layer.name}@${view.offset - packet.offset}`);
}

/** Everything a caller may do with a packet. */
function exercise(bytes: Uint8Array, linkType: number): void {
  let took = decodeFully(bytes, linkType);
  // Slow once may be the machine; slow every time is the packet.
  for (let i = 0; i < 3 && took > SUSPICIOUS_MILLISECONDS; i++) took = Math.min(took, decodeFully(bytes, linkType));
  if (took > counts.slowestMilliseconds) counts.slowestMilliseconds = Math.round(took);
  counts.packets++;
}

function decodeFully(bytes: Uint8Array, linkType: number): number {
  const started = performance.now();
  const packet = packetOf(bytes, linkType);
  const layers = packet.layers;
  if (layers.length > 16) throw new Error(`${layers.length} layers`);
  for (const view of layers) readAll(view);
  packet.show();
  packet.summary();
  JSON.stringify(packet);
  const { error } = packet;
  if (error !== undefined && (error.offset < 0 || error.offset > bytes.length))
    throw new Error(`error at ${error.offset}`);
  return performance.now() - started;
}

/** What is decoded must not depend on the bytes around the packet. */
function exerciseIsolated(bytes: Uint8Array, linkType: number): void {
  const results = [0x00, 0xff].map((around) => {
    const room = new Uint8Array(bytes.length + 128).fill(around);
    room.set(bytes, 64);
    return JSON.stringify(new Packet(room, 64, bytes.length, bytes.length, linkType, 0, 0));
  });
  if (results[0] !== results[1]) throw new Error("the result depends on bytes outside the packet");
  counts.isolated++;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

describe.skipIf(!hasCorpus)("mutated captures", () => {
  const originals = captures().flatMap(({ path }) =>
    [...readCapture(bytesOf(path))].map((packet) => ({
      path,
      linkType: packet.linkType,
      bytes: packet.bytes.slice(0, 2048),
    })),
  );

  test("a cut packet decodes to a prefix of the whole one", () => {
    for (const { path, linkType, bytes } of originals) {
      if (bytes.length >= 200) continue;
      const whole = names(packetOf(bytes, linkType));
      for (let length = 0; length < bytes.length; length++) {
        const cut = bytes.slice(0, length);
        const found = names(packetOf(cut, linkType));
        if (found.some((name, i) => name !== whole[i]))
          throw new Error(`${path}: ${found} is no prefix of ${whole}: ${hex(cut)}`);
        guarded(path, cut, () => exercise(cut, linkType));
        counts.truncations++;
      }
    }
  });

  test(`${WANTED} packets with flipped bits and special lengths: nothing throws, hangs or grows`, () => {
    const random = new Random(SEED);
    const before = process.memoryUsage().heapUsed;
    while (counts.packets < WANTED) {
      const { path, linkType, bytes } = random.pick(originals);
      if (bytes.length === 0) continue;
      const mutated = bytes.slice();
      if (random.below(2) === 0) {
        for (let i = 1 + random.below(8); i > 0; i--) mutated[random.below(mutated.length)]! ^= 1 << random.below(8);
        counts.bitFlips++;
      } else {
        // Headers are at the front, and so are their length fields.
        const at = random.below(Math.min(mutated.length, 120));
        const value = random.pick(SPECIAL);
        mutated[at] = value;
        if (random.below(2) === 0 && at + 1 < mutated.length) mutated[at + 1] = value;
        counts.lengths++;
      }
      guarded(path, mutated, () => exercise(mutated, linkType));
      if (counts.packets % 16 === 0) guarded(path, mutated, () => exerciseIsolated(mutated, linkType));
    }
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(512 * 1024 * 1024);
    expect(counts.slowestMilliseconds).toBeLessThan(MAX_MILLISECONDS);
    expect(counts.packets).toBeGreaterThanOrEqual(WANTED);
  });
});

describe.skipIf(!hasCorpus)("mutated files", () => {
  test("a reader ends, and throws nothing but a CaptureFormatError for a header that is none", async () => {
    const random = new Random(SEED);
    let files = 0;
    for (const { path } of captures()) {
      const bytes = bytesOf(path).slice(0, 64 * 1024);
      for (let round = 0; round < 30; round++) {
        const mutated = bytes.slice(0, round % 3 === 0 ? random.below(bytes.length) : bytes.length);
        for (let i = random.below(6); i > 0 && mutated.length > 0; i--) {
          mutated[random.below(mutated.length)] = random.pick(SPECIAL);
        }
        const memory = outcome(() => [...readCapture(mutated)].length);
        const streamed = await outcomeOf(
          async () => (await openCapture(pieces(mutated, 1 + random.below(700))).toArray()).length,
        );
        if (memory !== streamed)
          throw new Error(`${path}: ${memory} from memory, ${streamed} in pieces: ${hex(mutated)}`);
        files++;
      }
    }
    console.log("mutated files:", files);
  });
});

function* pieces(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

function outcome(run: () => number): number | string {
  try {
    return run();
  } catch (error) {
    if (error instanceof CaptureFormatError) return error.code;
    throw error;
  }
}

async function outcomeOf(run: () => Promise<number>): Promise<number | string> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof CaptureFormatError) return error.code;
    throw error;
  }
}

function guarded(path: string, bytes: Uint8Array, run: () => void): void {
  try {
    run();
  } catch (error) {
    throw new Error(`${path}, mutated to ${hex(bytes)}`, { cause: error });
  }
}
