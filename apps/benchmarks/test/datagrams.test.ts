import { describe, expect, it } from "vitest";
import { Child } from "../src/child.mjs";
import { compiled } from "../src/compiler.mjs";
import { inC, measureBoth, measureReceiving, measureSending, program } from "../src/datagrams.mjs";
import type { Work } from "../src/measurement.mjs";

const work: Work = { mode: "datagrams", connections: 1, size: 100, warmUp: 200, count: 2_000 };
const dgram = program("node:dgram", "dgram-receive.mjs");

// The other end uses recvmmsg and segmentation offload, and drops are counted in /proc.
describe.skipIf(process.platform !== "linux")("datagrams (Linux)", () => {
  it.each([inC("C sendmmsg", "send"), program("node:dgram", "dgram-send.mjs", "run")])(
    "measures how $name sends",
    async (contestant) => {
      const { processor, rate, lost } = await measureSending(contestant, work);
      expect(processor).toBeGreaterThan(0);
      expect(rate).toBeGreaterThan(0);
      expect(lost).toBeGreaterThanOrEqual(0);
      expect(lost).toBeLessThan(1);
    },
  );

  it.each([inC("C recvmmsg", "receive"), dgram])("measures how $name receives", async (contestant) => {
    const { processor, rate, lost, generator } = await measureReceiving()(contestant, work);
    expect(processor).toBeGreaterThan(0);
    expect(rate).toBeGreaterThan(0);
    // Either it could not take all, or the generator was the slower one.
    expect((lost ?? 0) > 0).toBe(generator === 0);
  });

  it("measures one kind at both ends", async () => {
    const { rate } = await measureBoth({ "node:dgram": ["dgram-send.mjs", "flood"] })(dgram, work);
    expect(rate).toBeGreaterThan(0);
  });

  it.each([
    [[], "usage: datagrams sink|receive, or datagrams send|flood PORT SIZE"],
    [["receive", "1"], "usage: datagrams"],
    [["send", "80x", "64"], "PORT is 80x: expected a whole number from 1"],
    [["send", "80", "4096"], "SIZE is 4096: expected at most 2048"],
  ])("refuses the arguments %j", async (args, message) => {
    await expect(new Child([compiled("datagrams"), ...args]).line()).rejects.toThrow(message);
  });
});
