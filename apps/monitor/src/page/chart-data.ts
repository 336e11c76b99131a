/** The chart's numbers: rates of each category, one on top of the other or each from zero. */
import type { Series } from "../engine/throughput.ts";

export type Unit = "bits" | "packets";
export type Shape = "stacked" | "lines";

export interface ChartData {
  readonly times: number[];
  /** One row for each category. Stacked, the first is the tallest and is drawn first. */
  readonly rows: number[][];
  /** All categories together, for each time. */
  readonly totals: number[];
}

/** Rates a second. The last point is held for its whole step. */
export function chartData(series: Series, unit: Unit, shape: Shape): ChartData {
  const { start, step, points } = series;
  const source = unit === "bits" ? series.bytes : series.packets;
  const factor = (unit === "bits" ? 8 : 1) / step;
  const times = Array.from({ length: points === 0 ? 0 : points + 1 }, (_, i) => start + i * step);
  const value = (row: Float64Array, i: number) => row[Math.min(i, points - 1)]! * factor;
  const rows = source.map((row) => times.map((_, i) => value(row, i)));
  const totals = times.map((_, i) => rows.reduce((sum, row) => sum + row[i]!, 0));
  if (shape === "stacked") {
    for (let at = rows.length - 2; at >= 0; at--) {
      for (let i = 0; i < times.length; i++) rows[at]![i]! += rows[at + 1]![i]!;
    }
  }
  return { times, rows, totals };
}
