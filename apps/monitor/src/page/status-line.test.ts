import { expect, test } from "vitest";
import type { Snapshot } from "../engine/messages.ts";
import { statusParts } from "./status-line.ts";

const snapshot = {
  type: "snapshot",
  state: "ready",
  received: 1200,
  kept: 1200,
  keptBytes: 3 << 20,
  packets: 1200,
  bytes: 150_000,
  malformed: 0,
  behind: 0,
  read: 50,
  size: 200,
} as Snapshot;
const counts = { type: "counts", received: 5, kernelDropped: 7, queueDropped: 9, waiting: 0 } as const;

test.each<[string, Parameters<typeof statusParts>[0], string]>([
  ["nothing", { snapshot: undefined, name: "", filter: "", counts: undefined }, "No packets yet"],
  ["a file", { snapshot, name: "a.pcap", filter: "", counts: undefined }, "a.pcap | 1,200 packets, 150 kB"],
  [
    "a filter",
    { snapshot: { ...snapshot, packets: 7 }, name: "a.pcap", filter: "udp", counts: undefined },
    "a.pcap | 7 of 1,200 packets",
  ],
  [
    "loading",
    { snapshot: { ...snapshot, state: "loading" }, name: "a.pcap", filter: "", counts: undefined },
    "a.pcap: 25 % | 1,200 packets, 150 kB",
  ],
  [
    "live, with what is lost",
    { snapshot: { ...snapshot, state: "live", kept: 200, malformed: 2 }, name: "lo", filter: "", counts },
    "Live on lo | 1,200 packets, 150 kB | 2 malformed | oldest 1,000 forgotten, 3.00 MiB kept | dropped: 7 by the kernel, 9 on the way",
  ],
])("%s", (_name, status, expected) => {
  expect(statusParts(status).join(" | ")).toBe(expected);
});
