import { expect, it } from "vitest";
import { heapTable, processorTable } from "./profile-table.mjs";

const frame = (functionName: string, url = "", lineNumber = -1) => ({ functionName, url, lineNumber });

it("adds up the own time of each function, and leaves idle time out", () => {
  const profile = {
    nodes: [
      { id: 1, callFrame: frame("(idle)") },
      { id: 2, callFrame: frame("send", "file:///a/b/c.js", 9) },
      { id: 3, callFrame: frame("send", "file:///a/b/c.js", 9) },
      { id: 4, callFrame: frame("") },
    ],
    samples: [1, 2, 3, 4, 2],
    timeDeltas: [500, 30, 30, 20, 20],
  };
  expect(processorTable(profile)).toBe("  80.0 %  send b/c.js:10\n  20.0 %  (anonymous)");
});

it("shows the kinds of objects of which each connection has one", () => {
  const meta: { node_fields: string[]; node_types: [string[], ...unknown[]] } = {
    node_fields: ["type", "name", "id", "self_size"],
    node_types: [["object", "closure"], "string"],
  };
  const nodes = [0, 0, 1, 100, 0, 0, 2, 100, 1, 1, 3, 50, 1, 1, 4, 50, 1, 1, 5, 50, 1, 1, 6, 50, 0, 2, 7, 9_000];
  expect(heapTable({ snapshot: { meta }, nodes, strings: ["Socket", "", "Table"] }, 2)).toBe(
    ["   100 bytes in  1.0  object Socket", "   100 bytes in  2.0  closure", "   200 bytes together"].join("\n"),
  );
});
