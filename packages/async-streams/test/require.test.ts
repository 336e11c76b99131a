import { createRequire } from "node:module";
import { expect, it } from "vitest";

it("can be loaded with require()", async () => {
  const required = createRequire(import.meta.url)("@sockeye/async-streams") as Record<string, unknown>;
  const imported = (await import("@sockeye/async-streams" as string)) as Record<string, unknown>;
  expect(Object.keys(required).sort()).toEqual(Object.keys(imported).sort());
  expect(required.openConnection).toBeTypeOf("function");
});
