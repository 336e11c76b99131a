import fc from "fast-check";
import { expect, test } from "vitest";
import { contentHeight, MAX_PIXELS, scrollTopOf, topRow, topRowToShow } from "./scroll-map.ts";

const scrolls = fc.record({
  rows: fc.integer({ min: 1, max: 5_000_000 }),
  rowHeight: fc.constantFrom(20, 22, 44),
  view: fc.integer({ min: 50, max: 2000 }),
});

test("every row can be scrolled to, and a position names the row that was asked for", () => {
  fc.assert(
    fc.property(scrolls, fc.double({ min: 0, max: 1, noNaN: true }), (scroll, part) => {
      const last = Math.max(0, scroll.rows - scroll.view / scroll.rowHeight);
      const row = part * last;
      const top = scrollTopOf(scroll, row);
      expect(top).toBeGreaterThanOrEqual(0);
      expect(top).toBeLessThanOrEqual(Math.max(0, contentHeight(scroll) - scroll.view) + 1e-6);
      expect(topRow(scroll, top)).toBeCloseTo(row, 5);
      expect(contentHeight(scroll)).toBeLessThanOrEqual(MAX_PIXELS);
    }),
  );
});

test("a list that fits has a pixel a pixel", () => {
  const scroll = { rows: 1000, rowHeight: 20, view: 300 };
  expect(topRow(scroll, 110)).toBeCloseTo(5.5, 9);
  expect(scrollTopOf(scroll, 5.5)).toBeCloseTo(110, 9);
});

test("showing a row moves as little as can be", () => {
  const scroll = { rows: 1000, rowHeight: 20, view: 200 };
  expect(topRowToShow(scroll, 50, 55)).toBe(50);
  expect(topRowToShow(scroll, 50, 60)).toBe(51);
  expect(topRowToShow(scroll, 50, 10)).toBe(10);
});
