import { expect, it } from "vitest";
import { tcpdump } from "../src/captures.mjs";
import { capture } from "../src/subjects/capture.mjs";

const { contestants, measure, work } = capture.cases[0]!;

it.skipIf(process.getuid?.() !== 0).each(contestants)(
  "measures how $name captures (needs root)",
  async (contestant) => {
    const sample = await measure(contestant, { ...work, warmUp: 100, count: 500 });
    expect(sample.processor).toBeGreaterThan(0);
    expect(sample.rate).toBeGreaterThan(0);
    // 600 packets have room in the receive buffer of each but scapy.
    if (contestant.name.startsWith("scapy")) expect(sample.lost).toBeLessThan(1);
    else expect(sample.lost).toBe(0);
  },
);

it("has tcpdump among them", () => expect(contestants).toContain(tcpdump));
