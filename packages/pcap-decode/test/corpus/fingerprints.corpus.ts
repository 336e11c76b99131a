import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { readCapture } from "../../src/container/memory-capture.ts";
import { TLS } from "../../src/layers/tls.ts";
import { hasTool } from "../tools.ts";
import { bytesOf, corpus, files, hasCorpus } from "./corpus.ts";

const hasTshark = hasTool("tshark");

const counts = { ja3: 0, ja3s: 0 };
afterAll(() => {
  if (hasCorpus && hasTshark) console.log("fingerprints equal to tshark's:", JSON.stringify(counts));
});

const perPacket = ["ip.defragment:FALSE", "tcp.desegment_tcp_streams:FALSE"].flatMap((option) => ["-o", option]);

describe.skipIf(!hasCorpus || !hasTshark)("JA3 and JA3S are tshark's", () => {
  test.each(files("captures/zeek", /^tls__.*\.pcap(ng)?$/))("%s", (path) => {
    const fields = ["frame.number", "tls.handshake.ja3", "tls.handshake.ja3s"].flatMap((field) => ["-e", field]);
    const output = execFileSync(
      "tshark",
      ["-n", ...perPacket, "-r", join(corpus, path), "-T", "fields", "-E", "separator=|", ...fields],
      {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      },
    );
    const packets = [...readCapture(bytesOf(path))];
    for (const line of output.trim().split("\n")) {
      const [number, ja3, ja3s] = line.split("|");
      const tls = packets[Number(number) - 1]?.get(TLS);
      if (tls === undefined) continue;
      if (ja3) {
        expect(tls.ja3).toBe(ja3);
        counts.ja3++;
      }
      if (ja3s) {
        expect(tls.ja3s).toBe(ja3s);
        counts.ja3s++;
      }
    }
  });
});
