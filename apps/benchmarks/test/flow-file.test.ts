import { expect, test } from "vitest";
import { flowFile } from "../src/flow-file.mjs";
import { flows } from "../src/subjects/flows.mjs";

const { contestants, measure, work } = flows.cases[0]!;
const small = { ...work, connections: 10, count: 2000 };

test.each(contestants)("measures how $name reads a capture", async (contestant) => {
  const sample = await measure!(contestant, small);
  expect(sample.processor).toBeGreaterThan(0);
  expect(sample.rate).toBeGreaterThan(0);
  expect(sample.memory).toBeGreaterThan(1);
});

test("a program that fails is no measurement", async () => {
  const broken = { name: "broken", command: () => ["false"] };
  await expect(measure!(broken, small)).rejects.toThrow("broken ended with status 256");
});

test("the capture is written once", async () => {
  expect(await flowFile(small)).toBe(await flowFile(small));
});
