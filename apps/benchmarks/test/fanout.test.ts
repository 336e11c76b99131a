import { expect, it } from "vitest";
import { measureFanout } from "../src/fanout.mjs";
import { chatFanout } from "../src/subjects/chat-fanout.mjs";

it.each(chatFanout.cases[0]!.contestants)("counts what everybody in a room of $name is told", async (contestant) => {
  const work = { mode: "fanout" as const, connections: 30, size: 64, count: 5_000, warmUp: 500 };
  const { processor, rate, memoryEach } = await measureFanout(contestant, work);
  expect(processor).toBeGreaterThan(0);
  expect(rate).toBeGreaterThan(0);
  expect(memoryEach).toBeTypeOf("number");
});
