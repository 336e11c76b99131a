import { join } from "node:path";
import { program } from "../datagrams.mjs";
import { measureFile } from "../flow-file.mjs";
import { python } from "../python.mjs";

const flowTracker = program("@sockeye/pcap-decode FlowTracker", "pcap-flows.mjs", "flows");
const reassembler = program("@sockeye/pcap-decode TCPReassembler", "pcap-flows.mjs", "streams");
const tshark = {
  name: "tshark -q -z conv,tcp",
  command: () => ["sh", "-c", 'exec tshark -n -q -z conv,tcp -r "$1"', "sh"],
};
const scapy = {
  name: "scapy TCPSession",
  command: () => [python, join(import.meta.dirname, "..", "..", "servers", "scapy-streams.py")],
};

/** @type {import("../subject.mjs").Subject} */
export const flows = {
  name: "flows",
  summary: "flows counted, and TCP streams put in order, of a capture file",
  cases: [
    {
      name: "1,000 connections",
      unit: "packet",
      contestants: [flowTracker, reassembler, tshark, scapy],
      work: { mode: "datagrams", connections: 1000, size: 500, count: 100_000, warmUp: 0 },
      measure: measureFile,
      comparisons: [
        { measure: "processor", ours: flowTracker.name, peer: tshark.name, goal: null },
        { measure: "processor", ours: reassembler.name, peer: tshark.name, goal: null },
        { measure: "processor", ours: reassembler.name, peer: scapy.name, goal: null },
        { measure: "rate", ours: flowTracker.name, peer: tshark.name, goal: null },
        { measure: "rate", ours: reassembler.name, peer: scapy.name, goal: null },
      ],
    },
  ],
  growth: {
    name: "reassembly",
    unit: "packet",
    what: "connections",
    sizes: [100, 1000, 10_000],
    contestants: [reassembler, tshark],
    work: (connections) => ({ mode: "datagrams", connections, size: 500, count: 100_000, warmUp: 0 }),
    measure: measureFile,
    cost: "processor",
    ours: reassembler.name,
    peer: tshark.name,
  },
};
