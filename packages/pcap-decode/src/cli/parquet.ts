import { summaryParts } from "../format/summary.ts";
import type { LayerView } from "../layer.ts";
import type { Packet } from "../packet.ts";

/** Rows that are held before they are written. */
const ROW_GROUP = 50_000;

/** Columns with their Parquet types. `time` is nanoseconds since the epoch. */
const columns = {
  number: "INT32",
  time: "INT64",
  link_type: "INT32",
  captured_length: "INT32",
  original_length: "INT32",
  protocols: "STRING",
  protocol: "STRING",
  source: "STRING",
  destination: "STRING",
  source_port: "INT32",
  destination_port: "INT32",
  info: "STRING",
  error: "STRING",
} as const;

type Column = keyof typeof columns;
type Cell = number | bigint | string | null;
type Library = typeof import("hyparquet-writer");

/** A table of packets for DuckDB, Spark, pandas, …, written a group of rows at a time. */
export class ParquetTable {
  readonly #writer: InstanceType<Library["ParquetWriter"]>;
  #cells = emptyCells();
  #held = 0;
  rows = 0;

  private constructor(library: Library, path: string) {
    const names = Object.keys(columns) as Column[];
    this.#writer = new library.ParquetWriter({
      writer: library.fileWriter(path),
      createdBy: "@sockeye/pcap-decode",
      schema: [
        { name: "root", num_children: names.length },
        ...names.map((name) => ({
          name,
          ...(columns[name] === "STRING"
            ? { type: "BYTE_ARRAY" as const, converted_type: "UTF8" as const }
            : { type: columns[name] as "INT32" | "INT64" }),
          repetition_type: "OPTIONAL" as const,
        })),
      ],
    });
  }

  /** Rejects with an error that says what to install when the library is not there. */
  static async create(path: string): Promise<ParquetTable> {
    let library: Library;
    try {
      library = await import("hyparquet-writer");
    } catch (error) {
      throw new Error("Writing Parquet needs the package hyparquet-writer: npm install hyparquet-writer", {
        cause: error,
      });
    }
    return new ParquetTable(library, path);
  }

  add(packet: Packet, number: number): Promise<void> | undefined {
    const { layers, details, error } = summaryParts(packet);
    const views = packet.layers;
    const network = views.findLast((view) => "src" in view && "dst" in view);
    const ports = views.findLast((view) => "sport" in view && "dport" in view);
    const row: Record<Column, Cell> = {
      number,
      time: packet.time.ns,
      link_type: packet.linkType,
      captured_length: packet.capturedLength,
      original_length: packet.originalLength,
      protocols: layers.join("/"),
      protocol: layers.at(-1) ?? null,
      source: cell(network, "src"),
      destination: cell(network, "dst"),
      source_port: cell(ports, "sport"),
      destination_port: cell(ports, "dport"),
      info: details || null,
      error: error || null,
    };
    for (const name of Object.keys(columns) as Column[]) this.#cells[name].push(row[name]);
    this.rows++;
    return ++this.#held >= ROW_GROUP ? this.#flush() : undefined;
  }

  async close(): Promise<void> {
    await this.#flush();
    await this.#writer.finish();
  }

  async #flush(): Promise<void> {
    if (this.#held === 0) return;
    const columnData = (Object.keys(columns) as Column[]).map((name) => ({
      name,
      data: this.#cells[name],
      type: columns[name],
    }));
    this.#cells = emptyCells();
    const rowGroupSize = this.#held;
    this.#held = 0;
    await this.#writer.write({ columnData, rowGroupSize });
  }
}

function emptyCells(): Record<Column, Cell[]> {
  return Object.fromEntries(Object.keys(columns).map((name) => [name, []])) as unknown as Record<Column, Cell[]>;
}

function cell(view: LayerView | undefined, field: string): Cell {
  const value = (view as unknown as Readonly<Record<string, unknown>> | undefined)?.[field];
  return typeof value === "string" || typeof value === "number" ? value : null;
}
