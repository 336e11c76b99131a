import { afterAll, describe, expect, test } from "vitest";
import { build } from "../../src/build/stack.ts";
import { readCapture } from "../../src/container/memory-capture.ts";
import type { PacketJSON } from "../../src/format/json.ts";
import { toHex } from "../../src/hex.ts";
import { findLayer } from "../../src/layer.ts";
import type { Packet } from "../../src/packet.ts";
import { bytesOf, captures, hasCorpus } from "./corpus.ts";
import { isWellFormed } from "./well-formed.ts";

const counts = { packets: 0, sameAsRead: 0, wellFormed: 0, sameRecomputed: 0 };
const differing = new Map<string, number>();

afterAll(() => {
  if (!hasCorpus) return;
  console.log("building:", JSON.stringify(counts));
  for (const [what, count] of [...differing].sort((a, b) => b[1] - a[1]).slice(0, 40))
    console.log(`  ${String(count).padStart(5)} ${what}`);
});

type Plain = Omit<PacketJSON, "layers"> & { layers: Record<string, unknown>[] };

/** Lengths, checksums, counts, and the numbers that announce a layer which is there. */
function deleteComputed(json: Plain): void {
  json.layers.forEach((values, i) => {
    for (const { name, field } of findLayer(values.layer as string)!.places) {
      const { auto, suggested, needsNext } = field.options;
      if (auto !== undefined && !suggested && !(needsNext && i === json.layers.length - 1)) delete values[name];
    }
  });
}

function rebuilt(packet: Packet, recompute: boolean): string {
  const json = JSON.parse(JSON.stringify(packet)) as Plain;
  if (recompute) deleteComputed(json);
  return toHex(build(json as unknown as PacketJSON));
}

describe.skipIf(!hasCorpus)("building what was decoded", () => {
  test("gives every packet that has a layer, and well-formed ones with their computed fields deleted", () => {
    for (const { path } of captures()) {
      let number = 0;
      for (const packet of readCapture(bytesOf(path))) {
        number++;
        if (packet.layers.length === 0) continue;
        counts.packets++;
        const wanted = toHex(packet.bytes);
        const chain = packet.layers.map((view) => view.layer.name).join("/");
        let kept = "";
        try {
          kept = rebuilt(packet, false);
        } catch (error) {
          if (packet.error === undefined) throw new Error(`${path} #${number} ${chain}`, { cause: error });
        }
        if (kept === wanted) counts.sameAsRead++;
        else note(`as read: ${packet.error === undefined ? chain : packet.error.code}`, path);
        if (!isWellFormed(packet)) continue;
        counts.wellFormed++;
        if (rebuilt(packet, true) === wanted) counts.sameRecomputed++;
        else note(`recomputed: ${chain}`, path);
      }
    }
    expect(counts.sameRecomputed / counts.wellFormed).toBeGreaterThan(0.95);
    expect(counts.sameAsRead / counts.packets).toBeGreaterThan(0.95);
  });
});

function note(what: string, path: string): void {
  const key = `${what} (${path.split("/").at(-1)})`;
  differing.set(key, (differing.get(key) ?? 0) + 1);
}
