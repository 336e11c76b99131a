import { expect, test } from "vitest";
import { encodeCapture, openCapture, TCP } from "../src/index.ts";

test("memory stays constant over 512 MiB of packets", async () => {
  const packet = new Uint8Array(1400);
  const head = await encodeCapture([]);
  const records = (await encodeCapture(Array.from({ length: 700 }, () => packet))).subarray(head.length);
  const rounds = Math.ceil((512 * 1024 * 1024) / records.length);
  async function* file() {
    yield head;
    for (let i = 0; i < rounds; i++) yield records;
  }
  const used = () => {
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  let count = 0;
  let most = 0;
  const before = used();
  for await (const each of openCapture(file())) {
    count += each.has(TCP) ? 2 : 1;
    if (count % 10_000 === 0) most = Math.max(most, used());
  }
  expect(count).toBe(rounds * 700);
  expect(most - before).toBeLessThan(128 * 1024 * 1024);
});
