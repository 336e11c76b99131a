import { compileFilter } from "@sockeye/pcap-decode";
import { expect, test } from "vitest";
import { TABLES } from "../engine/table.ts";
import { cellText, rowFilter, type TableRow, tableColumns, tableTemplate } from "./table-columns.ts";

test.each<["conversations" | "talkers" | "dns", TableRow, string | undefined]>([
  ["talkers", ["192.0.2.1"], "host 192.0.2.1"],
  ["talkers", ["02:00:00:00:00:01"], "ether host 02:00:00:00:00:01"],
  ["talkers", ["(others)"], undefined],
  [
    "conversations",
    ["TCP", "192.0.2.1:40000", "192.0.2.2:80"],
    "tcp and host 192.0.2.1 and port 40000 and host 192.0.2.2 and port 80",
  ],
  [
    "conversations",
    ["UDP", "[2001:db8::1]:53", "[2001:db8::2]:9"],
    "udp and host 2001:db8::1 and port 53 and host 2001:db8::2 and port 9",
  ],
  ["conversations", ["ICMP", "192.0.2.1", "192.0.2.2"], "host 192.0.2.1 and host 192.0.2.2"],
  ["conversations", ["TCP", "evil) or (ip", "192.0.2.2:80"], undefined],
  ["dns", ["1"], undefined],
])("%s %j is shown by %s", (table, row, expected) => {
  const filter = rowFilter(table, row);
  expect(filter).toBe(expected);
  if (filter !== undefined) expect(() => compileFilter(filter)).not.toThrow();
});

test.each([
  [undefined, "count", ""],
  ["text", "text", "text"],
  [1500, "bytes", "1.50 kB"],
  [1500, "count", "1,500"],
  [1.5, "seconds", "1.500"],
  [0.00123, "milliseconds", "1.23 ms"],
  [1.5, "milliseconds", "1500 ms"],
] as const)("%s as %s is %s", (cell, kind, expected) => {
  expect(cellText(cell, kind)).toBe(expected);
});

test("the narrow template leaves out exactly what is only for wide pages", () => {
  const columns = tableColumns("conversations");
  const { wide, narrow } = tableTemplate("conversations");
  const parts = (template: string) => template.split(/ (?=minmax)/).length;
  expect(parts(wide)).toBe(TABLES.conversations.columns.length);
  expect(parts(narrow)).toBe(columns.filter((column) => !column.wide).length);
});
