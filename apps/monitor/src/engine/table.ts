/** The tables beside the packet list: their columns, and their rows in any order. */

/** What a cell holds; text comes from packets and is only ever shown as text. */
export type Cell = string | number | undefined;

/** How a column is shown and sorted. */
export interface Column {
  readonly title: string;
  readonly kind: "text" | "count" | "bytes" | "seconds" | "milliseconds";
  /** Share of the width, in characters. */
  readonly width: number;
  /** Left out on narrow screens. */
  readonly wide?: true;
}

export interface Sort {
  readonly column: number;
  readonly descending: boolean;
}

export type TableName = "conversations" | "talkers" | "http" | "dns";

export interface TableShape {
  readonly title: string;
  readonly columns: readonly Column[];
  /** The order at first. */
  readonly sort: Sort;
}

/** What the tables of requests begin with. */
const WHEN_AND_WHO: readonly Column[] = [
  { title: "Time", kind: "seconds", width: 9, wide: true },
  { title: "Client", kind: "text", width: 20, wide: true },
];

export const TABLES: Readonly<Record<TableName, TableShape>> = {
  conversations: {
    title: "Conversations",
    columns: [
      { title: "Protocol", kind: "text", width: 8 },
      { title: "A", kind: "text", width: 22 },
      { title: "B", kind: "text", width: 22 },
      { title: "Packets", kind: "count", width: 9 },
      { title: "Bytes", kind: "bytes", width: 9 },
      { title: "A → B", kind: "bytes", width: 9, wide: true },
      { title: "B → A", kind: "bytes", width: 9, wide: true },
      { title: "Start", kind: "seconds", width: 9, wide: true },
      { title: "Duration", kind: "seconds", width: 9, wide: true },
      { title: "RTT", kind: "milliseconds", width: 12, wide: true },
      { title: "Retrans.", kind: "count", width: 8, wide: true },
    ],
    sort: { column: 4, descending: true },
  },
  talkers: {
    title: "Talkers",
    columns: [
      { title: "Address", kind: "text", width: 26 },
      { title: "Packets", kind: "count", width: 10 },
      { title: "Bytes", kind: "bytes", width: 10 },
      { title: "Sent", kind: "bytes", width: 10 },
      { title: "Received", kind: "bytes", width: 10 },
    ],
    sort: { column: 2, descending: true },
  },
  http: {
    title: "HTTP",
    columns: [
      ...WHEN_AND_WHO,
      { title: "Method", kind: "text", width: 7 },
      { title: "URL", kind: "text", width: 40 },
      { title: "Status", kind: "count", width: 6 },
      { title: "Type", kind: "text", width: 16, wide: true },
      { title: "Bytes", kind: "bytes", width: 9 },
      { title: "Took", kind: "milliseconds", width: 12 },
    ],
    sort: { column: 0, descending: false },
  },
  dns: {
    title: "DNS",
    columns: [
      ...WHEN_AND_WHO,
      { title: "Type", kind: "text", width: 6 },
      { title: "Name", kind: "text", width: 30 },
      { title: "Answer", kind: "text", width: 34 },
      { title: "Result", kind: "text", width: 9, wide: true },
      { title: "Took", kind: "milliseconds", width: 12 },
    ],
    sort: { column: 0, descending: false },
  },
};

export const TABLE_NAMES = Object.keys(TABLES) as TableName[];

/** Orders rows by a column; equal ones stay in their order, and cells without a value come last either way. */
export function sortRows(rows: readonly Cell[][], { column, descending }: Sort): Cell[][] {
  const sign = descending ? -1 : 1;
  return rows.toSorted((left, right) => {
    const a = left[column];
    const b = right[column];
    if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? 1 : -1;
    if (typeof a === "number" && typeof b === "number") return sign * (a - b);
    return sign * compareText(String(a), String(b));
  });
}

const natural = new Intl.Collator("en", { numeric: true });
/** Numbers within texts by their value, so that 10.0.0.9 comes before 10.0.0.10. */
function compareText(a: string, b: string): number {
  return natural.compare(a, b);
}
