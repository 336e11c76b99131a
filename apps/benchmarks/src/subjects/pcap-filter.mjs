import { measureReader, onNode, ownFilter, tcpdump, tcpdumpMarginal } from "../decoding.mjs";

/** From one packet in a hundred to seven of ten. */
const expressions = ["host 10.0.1.7", "tcp port 80", "tcp"];

/** @type {import("../measurement.mjs").Work} */
const work = { mode: "packets", connections: 1, size: 0, count: 5_000_000, warmUp: 0 };

/** @type {import("../subject.mjs").Subject["cases"]} */
const files = expressions.map((expression) => {
  const [ours, peer] = [ownFilter(expression), tcpdump(expression)];
  return {
    name: `file to file, ${expression}`,
    unit: "packet",
    contestants: [ours, peer],
    work,
    measure: measureReader,
    comparisons: [
      { measure: "speed", ours: ours.name, peer: peer.name, goal: { atLeast: 1 } },
      { measure: "rate", ours: ours.name, peer: peer.name, goal: null },
    ],
  };
});

/** @type {import("../subject.mjs").Subject["cases"]} */
const inMemory = expressions.map((expression) => {
  const ours = onNode("@sockeye/pcap-decode compileFilter", "pcap-filter.mjs", expression);
  const peer = tcpdumpMarginal(expression);
  return {
    name: `in memory, ${expression}`,
    unit: "packet",
    contestants: [ours, peer],
    work: { ...work, count: 1_000_000 },
    measure: measureReader,
    // tcpdump reads its file and writes another besides: shown, and no goal.
    comparisons: [{ measure: "speed", ours: ours.name, peer: peer.name, goal: null }],
  };
});

/** @type {import("../subject.mjs").Subject} */
export const pcapFilter = {
  name: "pcap-filter",
  summary: "packets that a filter of tcpdump's language looks at",
  cases: [...files, ...inMemory],
  growth: {
    name: "file to file, tcp port 80",
    unit: "packet",
    what: "packets",
    sizes: [50_000, 500_000, 5_000_000],
    contestants: [ownFilter("tcp port 80"), tcpdump("tcp port 80")],
    work: (count) => ({ ...work, count }),
    measure: measureReader,
    cost: "processor",
    ours: "pcap-decode filter",
    peer: "tcpdump",
  },
};
