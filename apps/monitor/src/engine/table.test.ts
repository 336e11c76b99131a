import fc from "fast-check";
import { expect, test } from "vitest";
import { sortRows, TABLE_NAMES, TABLES } from "./table.ts";

test("addresses sort by their numbers, and what has no value comes last both ways", () => {
  const rows = [["10.0.0.10"], [undefined], ["10.0.0.9"], ["9.255.0.1"]];
  expect(sortRows(rows, { column: 0, descending: false }).flat()).toEqual([
    "9.255.0.1",
    "10.0.0.9",
    "10.0.0.10",
    undefined,
  ]);
  expect(sortRows(rows, { column: 0, descending: true }).flat()).toEqual([
    "10.0.0.10",
    "10.0.0.9",
    "9.255.0.1",
    undefined,
  ]);
});

test("sorting is stable, loses nothing, and does not touch what it was given", () => {
  const row = fc.tuple(fc.option(fc.nat(5), { nil: undefined }), fc.nat());
  fc.assert(
    fc.property(fc.array(row), fc.boolean(), (rows, descending) => {
      const given = rows.map((one) => [...one]);
      const origin = new Map<unknown, [number | undefined, number]>(given.map((one, i) => [one, rows[i]!]));
      const sorted = sortRows(given, { column: 0, descending });
      expect(given).toEqual(rows);
      expect([...sorted].sort()).toEqual([...given].sort());
      for (const [i, next] of sorted.entries()) {
        const before = sorted[i - 1];
        if (before === undefined || next[0] === undefined) continue;
        expect(before[0]).toBeDefined();
        const order = Number(before[0]) - Number(next[0]);
        expect(descending ? -order : order).toBeLessThanOrEqual(0);
        if (order === 0) expect(rows.indexOf(origin.get(before)!)).toBeLessThan(rows.indexOf(origin.get(next)!));
      }
    }),
  );
});

test("every table's first order is by one of its columns", () => {
  for (const name of TABLE_NAMES) expect(TABLES[name].columns[TABLES[name].sort.column]).toBeDefined();
});
