/** The columns of the other tables, made from their shapes. */
import { type Cell, type Column, TABLES, type TableName } from "../engine/table.ts";
import { bytes, count } from "./quantity.ts";
import type { ListColumn } from "./virtual-list.ts";

export type TableRow = readonly Cell[];

export function tableColumns(table: TableName): ListColumn<TableRow>[] {
  return TABLES[table].columns.map((column, i) => ({
    title: column.title,
    name: column.kind,
    right: column.kind !== "text",
    ...(column.wide ? { wide: true } : {}),
    text: (row) => cellText(row[i], column.kind),
  }));
}

/** The widths of a table's columns, for wide and narrow pages. */
export function tableTemplate(table: TableName): { wide: string; narrow: string } {
  const template = (columns: readonly Column[]) =>
    columns
      .map(({ kind, width }) =>
        kind === "text" ? `minmax(0, ${width}fr)` : `minmax(${width * 0.5}em, ${width * 0.45}fr)`,
      )
      .join(" ");
  const { columns } = TABLES[table];
  return { wide: template(columns), narrow: template(columns.filter(({ wide }) => !wide)) };
}

/** A cell as text; what is not known is empty. */
export function cellText(cell: Cell, kind: Column["kind"]): string {
  if (cell === undefined || typeof cell === "string") return cell ?? "";
  switch (kind) {
    case "bytes":
      return bytes(cell);
    case "count":
      return count(cell);
    case "seconds":
      return cell.toFixed(3);
    case "milliseconds":
      return `${(cell * 1000).toFixed(cell < 0.01 ? 2 : cell < 1 ? 1 : 0)} ms`;
    case "text":
      return String(cell);
  }
}

/** The filter that shows a row's packets; `undefined` when there is none. */
export function rowFilter(table: TableName, row: TableRow): string | undefined {
  if (table === "talkers") return hostFilter(String(row[0]));
  if (table !== "conversations") return undefined;
  const [protocol, a, b] = row.map(String);
  const ends = [endFilter(a!), endFilter(b!)];
  if (ends.some((end) => end === undefined)) return undefined;
  const transport =
    protocol === "TCP" || protocol === "UDP" || protocol === "SCTP" ? `${protocol.toLowerCase()} and ` : "";
  return `${transport}${ends.join(" and ")}`;
}

const ADDRESS = /^[0-9a-f.:]+$/i;
const MAC = /^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$/i;

function hostFilter(address: string): string | undefined {
  if (MAC.test(address)) return `ether host ${address}`;
  return ADDRESS.test(address) ? `host ${address}` : undefined;
}

function endFilter(end: string): string | undefined {
  const [, six, sixPort] = /^\[(.*)\]:(\d+)$/.exec(end) ?? [];
  if (six !== undefined && ADDRESS.test(six)) return `host ${six} and port ${sixPort}`;
  const [, four, fourPort] = /^([0-9.]+):(\d+)$/.exec(end) ?? [];
  if (four !== undefined) return `host ${four} and port ${fourPort}`;
  return hostFilter(end);
}
