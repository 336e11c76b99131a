import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { CaptureBlock } from "../../src/container/block.ts";
import { openCapture } from "../../src/container/capture.ts";
import { readCapture } from "../../src/container/memory-capture.ts";
import { PcapngEncoder } from "../../src/container/pcapng-encoder.ts";
import { bytesOf, captures, corpus, files, hasCorpus } from "./corpus.ts";

const counts = { containers: 0, blocks: 0, rewritten: 0, captures: 0, packets: 0 };
afterAll(() => {
  if (hasCorpus) console.log("containers:", JSON.stringify(counts));
});

/** The abbreviations of the block lists beside the container files. */
function abbreviation(block: CaptureBlock): string {
  switch (block.type) {
    case "section":
      return "SHB";
    case "interface":
      return "IDB";
    case "packet":
      return { enhanced: "EPB", simple: "SPB", obsolete: "PB" }[block.form];
    case "names":
      return "NRB";
    case "statistics":
      return "ISB";
    case "secrets":
      return "DSB";
    case "custom":
      return block.copy ? "CB" : "DCB";
    case "other":
      return "UNK";
  }
}

async function blocksOf(path: string): Promise<{ blocks: CaptureBlock[]; problem: unknown }> {
  const capture = openCapture(bytesOf(path));
  const blocks: CaptureBlock[] = [];
  for await (const block of capture.blocks()) blocks.push(block);
  return { blocks, problem: capture.problem };
}

describe.skipIf(!hasCorpus)("pcapng test files", () => {
  test.each(files("containers", /\.pcapng$/))("%s has the blocks its text lists", async (path) => {
    const text = readFileSync(join(corpus, path.replace(/pcapng$/, "txt")), "utf8");
    const sequence = /Block sequence: (.*)/.exec(text)![1]!.trim().split(/,\s*/);
    const { blocks, problem } = await blocksOf(path);
    expect(problem).toBeUndefined();
    expect(blocks.map(abbreviation)).toEqual(sequence);
    counts.containers++;
    counts.blocks += blocks.length;
  });

  // Blocks of test 102 hold bytes behind the captured length; they are no part of the packet and are not kept.
  test.each(files("containers", /\.pcapng$/).filter((path) => !path.includes("test102")))(
    "%s is written back byte for byte",
    async (path) => {
      const { blocks } = await blocksOf(path);
      const encoder = new PcapngEncoder();
      const written = Buffer.concat(blocks.map((block) => encoder.encode(block)));
      expect(written.toString("hex")).toBe(Buffer.from(bytesOf(path)).toString("hex"));
      counts.rewritten++;
    },
  );
});

describe.skipIf(!hasCorpus)("captures", () => {
  test.each(captures())("$path: packets, times, lengths and link type are tshark's", async ({ path, expected }) => {
    const capture = openCapture(join(corpus, path));
    const packets = await capture.toArray();
    expect(packets.length).toBe(expected.count);
    expect(capture.format).toBe(expected.filetype === "pcapng" ? "pcapng" : "pcap");
    expect(capture.interfaces.map((each) => each.linkType)).toEqual(expected.linktypes);
    expected.packets.forEach((want, i) => {
      const packet = packets[i]!;
      const pseudoHeader = packet.linkType === 123 ? 4 : 0;
      expect(packet.capturedLength - pseudoHeader).toBe(want["frame.cap_len"]);
      expect(packet.originalLength - pseudoHeader).toBe(want["frame.len"]);
      if (want["frame.time_epoch"] !== undefined) expect(packet.time.toString()).toBe(want["frame.time_epoch"]);
      if (want["frame.interface_id"] !== undefined) expect(packet.interface!.id).toBe(want["frame.interface_id"]);
    });
    const inMemory = [...readCapture(bytesOf(path))];
    expect(inMemory.map((packet) => [packet.time.toString(), packet.capturedLength])).toEqual(
      packets.map((packet) => [packet.time.toString(), packet.capturedLength]),
    );
    counts.captures++;
    counts.packets += packets.length;
  });
});
