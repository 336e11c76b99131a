import { join } from "node:path";
import { measureCapture, tcpdump } from "../captures.mjs";
import { program } from "../datagrams.mjs";
import { python } from "../python.mjs";

const batches = program("@sockeye/pcap-decode batches", "pcap-capture.mjs", "batches");
const each = program("@sockeye/pcap-decode for await", "pcap-capture.mjs", "each");
const decode = program("@sockeye/pcap-decode, fields", "pcap-capture.mjs", "decode");
const scapy = {
  name: "scapy, fields",
  command: () => [python, join(import.meta.dirname, "..", "..", "servers", "scapy-capture.py")],
};

/** @type {import("../subject.mjs").Subject["cases"][number]["comparisons"]} */
const comparisons = [
  { measure: "processor", ours: batches.name, peer: tcpdump.name, goal: null },
  { measure: "processor", ours: each.name, peer: tcpdump.name, goal: null },
  { measure: "processor", ours: decode.name, peer: scapy.name, goal: { atMost: 0.02 } },
  { measure: "rate", ours: batches.name, peer: tcpdump.name, goal: null },
  { measure: "rate", ours: decode.name, peer: scapy.name, goal: { atLeast: 20 } },
];

/** @type {import("../subject.mjs").Subject} */
export const capture = {
  name: "capture",
  summary: "datagrams captured on the loopback while they are sent; needs root",
  cases: [64, 1200].map((size) => ({
    name: `${size} B`,
    unit: "packet",
    contestants: [batches, each, decode, tcpdump, scapy],
    work: { mode: "datagrams", connections: 1, size, count: 400_000, warmUp: 100_000 },
    measure: measureCapture,
    comparisons,
  })),
  growth: {
    name: "in batches",
    unit: "packet",
    what: "bytes a datagram",
    sizes: [14, 140, 1400],
    contestants: [batches, tcpdump],
    work: (size) => ({ mode: "datagrams", connections: 1, size, count: 200_000, warmUp: 100_000 }),
    measure: measureCapture,
    cost: "processor",
    ours: batches.name,
    peer: tcpdump.name,
  },
};
