import { basename } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { readCapture } from "../../src/container/memory-capture.ts";
import { bytesOf, captures, hasCorpus } from "./corpus.ts";
import { type Exception, exceptionFor, exceptions } from "./exceptions.ts";
import { chains, fieldOf, fields } from "./fields.ts";

const counts = { captures: 0, packets: 0, fields: 0, equal: 0, excepted: 0 };
const used = new Map<Exception, number>();

afterAll(() => {
  if (!hasCorpus) return;
  console.log("layers:", JSON.stringify(counts));
  for (const [rule, count] of used) console.log(`  ${String(count).padStart(5)} excepted: ${rule.reason}`);
});

describe.skipIf(!hasCorpus)("fields are tshark's", () => {
  test.each(captures())("$path", ({ path, expected }) => {
    const packets = [...readCapture(bytesOf(path))];
    const unexplained: string[] = [];
    const capture = basename(path);
    expected.packets.forEach((want, i) => {
      const packet = packets[i]!;
      const chain = String(want["frame.protocols"] ?? "");
      counts.packets++;
      const check = (field: string, ours: string | undefined, theirs: string | undefined) => {
        counts.fields++;
        if (ours === theirs) {
          counts.equal++;
          return;
        }
        const rule = exceptionFor(capture, field, chain);
        if (rule === undefined) unexplained.push(`#${i + 1} ${field}: ours ${ours}, tshark ${theirs} (${chain})`);
        else {
          used.set(rule, (used.get(rule) ?? 0) + 1);
          counts.excepted++;
        }
      };
      for (const field of Object.keys(fields)) {
        const ours = fieldOf(packet, field);
        const theirs = want[field] as string | undefined;
        if (ours !== undefined || theirs !== undefined) check(field, ours, theirs);
      }
      const { ours, theirs } = chains(packet, chain);
      if (theirs !== "") check("frame.protocols", ours, theirs);
    });
    expect(unexplained).toEqual([]);
    counts.captures++;
  });

  test("every exception is used, and all together are under 1 % of the fields", () => {
    expect(exceptions.filter((rule) => !used.has(rule)).map((rule) => rule.reason)).toEqual([]);
    expect(counts.excepted / counts.fields).toBeLessThan(0.01);
  });
});
