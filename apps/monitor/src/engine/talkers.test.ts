import { expect, test } from "vitest";
import { OTHERS, Talkers } from "./talkers.ts";

test("counts what each address sends and receives", () => {
  const talkers = new Talkers();
  talkers.add("10.0.0.1", "10.0.0.2", 100);
  talkers.add("10.0.0.2", "10.0.0.1", 40);
  talkers.add("10.0.0.1", "", 7);
  expect([...talkers.values()]).toEqual([
    { address: "10.0.0.1", sentPackets: 2, sentBytes: 107, receivedPackets: 1, receivedBytes: 40 },
    { address: "10.0.0.2", sentPackets: 1, sentBytes: 40, receivedPackets: 1, receivedBytes: 100 },
  ]);
});

test("a scan of many addresses ends in one entry", () => {
  const talkers = new Talkers(100);
  for (let i = 0; i < 5000; i++) talkers.add("10.0.0.1", `2001:db8::${i.toString(16)}`, 10);
  expect(talkers.size).toBe(101);
  const others = [...talkers.values()].find(({ address }) => address === OTHERS);
  expect(others).toMatchObject({ receivedPackets: 4901, receivedBytes: 49010 });
});
