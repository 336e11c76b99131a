import { stripVTControlCharacters } from "node:util";

const significant = new Intl.NumberFormat("en", { maximumSignificantDigits: 3, minimumSignificantDigits: 3 });
const whole = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

/**
 * A number with three significant digits: 5.41, 181,000; a dash for none.
 *
 * @param {number | null | undefined} value
 */
export function formatNumber(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  return (Math.abs(value) < 100 ? significant : whole).format(value);
}

/**
 * The least and the greatest of a set: "5.32 … 5.60".
 *
 * @param {readonly [low: number, high: number] | null | undefined} range
 */
export function formatRange(range) {
  return range ? `${formatNumber(range[0])} … ${formatNumber(range[1])}` : "";
}

/**
 * Lines of a table whose columns are as wide as their widest cell, two spaces apart.
 *
 * @param {readonly (readonly string[])[]} rows the first is the head; a short row's last cell may be wider than its column
 * @param {string} [align] "l" or "r" for each column; the last letter holds for those that follow
 */
export function formatTable(rows, align = "lr") {
  const width = (/** @type {string} */ text) => stripVTControlCharacters(text).length;
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(0, ...rows.filter((row) => row.length === columns).map((row) => width(row[column]))),
  );
  // The first column is shared by every row, short ones too.
  widths[0] = Math.max(...rows.map((row) => width(row[0])));
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const space = " ".repeat(Math.max(0, widths[column] - width(cell)));
        const right = (align[column] ?? align.at(-1)) === "r" && row.length === columns;
        return right ? space + cell : cell + space;
      })
      .join("  ")
      .trimEnd(),
  );
}
