import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { filterFile } from "../../src/cli/filter-file.ts";
import { openCapture } from "../../src/container/capture.ts";
import { MAXIMUM_SNAPLEN } from "../../src/container/reader.ts";
import { CaptureWriter } from "../../src/container/writer.ts";
import { hasTool } from "../tools.ts";
import { corpus, hasCorpus } from "./corpus.ts";

const hasTcpdump = hasTool("tcpdump");

interface Match {
  readonly expression: string;
  readonly captures: Readonly<Record<string, { readonly of: number; readonly packets: readonly number[] }>>;
}

const matches: Match[] = hasCorpus ? JSON.parse(readFileSync(join(corpus, "filters/matches.json"), "utf8")) : [];
/** Two captures of each expression: more than 150 files in a few seconds. */
const cases = matches.flatMap(({ expression, captures }) =>
  Object.keys(captures)
    .slice(0, 2)
    .map((file) => [expression, file] as const),
);
let same = 0;
let directly = 0;
afterAll(() => {
  if (hasCorpus && hasTcpdump) console.log("filtered files equal to tcpdump's:", same);
});

async function filtered(path: string, filter: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const capture = await openCapture(path, { filter }).open();
  const { snaplen, linkType, linkTypeExtension = 0 } = capture.interfaces[0]!;
  const writer = await CaptureWriter.open(
    { write: (bytes) => parts.push(bytes) },
    { linkType, linkTypeExtension, snaplen: snaplen === 0 || snaplen > MAXIMUM_SNAPLEN ? MAXIMUM_SNAPLEN : snaplen },
  );
  for await (const packet of capture) await writer.write(packet);
  await writer.close();
  return Buffer.concat(parts);
}

async function filteredDirectly(path: string, filter: string): Promise<Buffer | undefined> {
  const parts: Uint8Array[] = [];
  const target = {
    async write(bytes: Uint8Array, at: number) {
      parts.push(bytes.slice(at));
      return { bytesWritten: bytes.length - at };
    },
    async close() {},
  };
  const done = await filterFile(path, filter, async () => target, { interrupted: false });
  return done && Buffer.concat(parts);
}

describe.skipIf(!hasCorpus || !hasTcpdump)("files filtered as tcpdump filters them", () => {
  test.each(cases)("%s of %s", async (expression, file) => {
    const path = join(corpus, file);
    const theirs = spawnSync("tcpdump", ["-n", "-r", path, "-w", "-", expression], { maxBuffer: 1 << 26 });
    const ours = await filtered(path, expression);
    expect(Buffer.from(ours).equals(theirs.stdout)).toBe(true);
    // The command line filters most files without decoding them; `undefined` is a file that it decodes.
    const direct = await filteredDirectly(path, expression);
    if (direct !== undefined) {
      expect(direct.equals(theirs.stdout)).toBe(true);
      directly++;
    }
    same++;
  });
  test("there are enough of them", () => {
    expect(cases.length).toBeGreaterThan(150);
    expect(directly).toBeGreaterThan(100);
  });
});
