import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { hostileNames } from "../../test/hostile-names.ts";
import { problemOfName } from "./file-name.ts";

test.each(["a", "report.pdf", "größe 1.bin", "日本語.txt", "a..b", "x~", "x".repeat(200), "console.log", "😀"])(
  "%j is a good name",
  (name) => expect(problemOfName(name)).toBeUndefined(),
);

test.each(hostileNames)("%j is a bad one", (name) => expect(problemOfName(name)).toMatch(/^it /));

test.each(["a\0b", "a\nb", "\u001b[2J", "a\u007f", "a\u009b", "a\u202eb", "a\u2028b", "a\ud800", "\ufeffa"])(
  "%j is a bad one, as it steers terminals",
  (name) => expect(problemOfName(name)).toMatch(/^it has characters/),
);

test("whatever is accepted names one file in the folder, and nothing outside", async () => {
  const folder = mkdtempSync(join(tmpdir(), "names-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const piece = fc.oneof(
    fc.constantFrom("..", ".", "/", "\\", "~", ":", "\0", "con", "a", " "),
    fc.string({ unit: "binary" }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 6 }), async (pieces) => {
      const name = pieces.join("");
      if (problemOfName(name) !== undefined) return;
      await writeFile(join(folder, name), "");
      expect(readdirSync(folder)).toEqual([name]);
      rmSync(join(folder, name));
    }),
    { numRuns: 500 },
  );
});
