import { expect, it } from "vitest";
import { importing, measureImport } from "../src/importing.mjs";
import type { Work } from "../src/measurement.mjs";
import { imports } from "../src/subjects/import.mjs";

const work: Work = { mode: "import", connections: 0, size: 0, warmUp: 0, count: 1 };
const everything = imports.cases.flatMap(({ contestants }) => contestants);

// Processor time comes from /proc.
it.skipIf(process.platform !== "linux").each(everything)("measures importing $name (Linux)", async (contestant) => {
  const { processor, rate, memory } = await measureImport(contestant, work);
  expect(processor).toBeGreaterThan(0);
  expect(rate).toBeGreaterThan(0);
  expect(memory).toBeGreaterThan(0);
});

it.skipIf(process.platform !== "linux")("says which package cannot be imported (Linux)", async () => {
  await expect(measureImport(importing("no-such-package"), work)).rejects.toThrow("no-such-package");
});
