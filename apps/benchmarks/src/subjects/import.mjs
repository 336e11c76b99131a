import { importing, measureImport } from "../importing.mjs";

const packages = ["socket-core", "udp", "async-streams", "http-client", "pcap-decode"].map(
  (name) => `@sockeye/${name}`,
);
const peers = ["node:net", "undici", "axios", "got", "ky", "ws"];
/** Microseconds that importing may cost more than its peer. */
const goal = { atMostMore: 15_000 };

/** @type {(ours: string, peer: string, goal?: import("../comparison.mjs").Goal) => import("../comparison.mjs").Comparison} */
const against = (ours, peer, goal) => ({ measure: "processor", ours, peer, goal: goal ?? null });

/** @type {import("../subject.mjs").Subject} */
export const imports = {
  name: "import",
  summary: "what importing a package costs a fresh process",
  cases: [
    {
      name: "import",
      unit: "import",
      contestants: [...packages, ...peers].map(importing),
      work: { mode: "import", connections: 0, size: 0, count: 4, warmUp: 1 },
      measure: measureImport,
      comparisons: [
        // Node.js has it loaded already, so this is the whole of it.
        against("@sockeye/socket-core", "node:net", goal),
        against("@sockeye/udp", "node:net"),
        against("@sockeye/async-streams", "node:net"),
        against("@sockeye/pcap-decode", "node:net"),
        against("@sockeye/http-client", "undici", goal),
        against("@sockeye/http-client", "axios"),
        against("@sockeye/http-client", "got"),
      ],
    },
  ],
};
