/** What the page and the worker say to each other. */
import type { Detail } from "./detail.ts";
import type { StoreLimits } from "./store.ts";
import type { Cell, Sort, TableName } from "./table.ts";
import type { Series } from "./throughput.ts";

/** From the page. `id` comes back in the answer. */
export type EngineRequest =
  /** Forget everything and decode a file. */
  | { readonly type: "open"; readonly file: Blob }
  /** Forget everything and take `chunk`s. */
  | { readonly type: "live" }
  /** A whole pcapng file of some packets; answered with `taken`. */
  | { readonly type: "chunk"; readonly bytes: ArrayBuffer }
  | { readonly type: "filter"; readonly id: number; readonly expression: string }
  | { readonly type: "window"; readonly seconds: number | undefined }
  | { readonly type: "packets"; readonly id: number; readonly from: number; readonly count: number }
  | {
      readonly type: "table";
      readonly id: number;
      readonly table: TableName;
      readonly from: number;
      readonly count: number;
      readonly sort: Sort;
    }
  | { readonly type: "detail"; readonly id: number; readonly number: number }
  /** Where a packet is in the list. */
  | { readonly type: "ordinal"; readonly id: number; readonly number: number }
  /** Everything in the list, as pcapng. */
  | { readonly type: "export"; readonly id: number }
  | { readonly type: "limits"; readonly limits: StoreLimits };

/** A row of the packet list. */
export interface PacketRow {
  readonly number: number;
  readonly seconds: number;
  readonly nanoseconds: number;
  /** Seconds since the row before it. */
  readonly delta: number;
  readonly source: string;
  readonly destination: string;
  readonly protocol: string;
  /** Index into `CATEGORIES`. */
  readonly category: number;
  readonly length: number;
  readonly info: string;
  /** What the row's colour warns of. */
  readonly mark: "" | "malformed" | "reset";
}

/** Packets and bytes of a protocol. */
export interface Share {
  readonly protocol: string;
  readonly category: number;
  packets: number;
  bytes: number;
}

/** How things are; sent a few times a second while they change. */
export interface Snapshot {
  readonly type: "snapshot";
  /** Rises whenever what was listed is listed no more: ordinals of two generations cannot be compared. */
  readonly generation: number;
  readonly state: "empty" | "loading" | "scanning" | "ready" | "live";
  /** Ordinals of the list: the oldest that is kept, and one past the newest. */
  readonly first: number;
  readonly end: number;
  /** Packets that came, that are kept, and memory in use. */
  readonly received: number;
  readonly kept: number;
  readonly keptBytes: number;
  /** Of those that were looked at, what passed the filter. */
  readonly packets: number;
  readonly bytes: number;
  readonly malformed: number;
  /** Packets that still have to be looked at. */
  readonly behind: number;
  /** Bytes of the file: read, and in all. */
  readonly read: number;
  readonly size: number;
  /** Time of the first packet. */
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly shares: readonly Share[];
  readonly series: Series;
  readonly tables: Readonly<Record<TableName, number>>;
}

/** From the worker. */
export type EngineAnswer =
  | Snapshot
  | { readonly type: "taken"; readonly bytes: number }
  | { readonly type: "loaded"; readonly packets: number; readonly milliseconds: number; readonly problem: string }
  | { readonly type: "failed"; readonly message: string }
  | {
      readonly type: "filter";
      readonly id: number;
      /** Empty when it compiles. */
      readonly problem: string;
      /** Where, counted from 1. */
      readonly column: number | undefined;
    }
  | {
      readonly type: "packets";
      readonly id: number;
      readonly generation: number;
      readonly from: number;
      readonly rows: readonly PacketRow[];
    }
  | {
      readonly type: "table";
      readonly id: number;
      readonly from: number;
      readonly total: number;
      readonly rows: readonly (readonly Cell[])[];
    }
  | { readonly type: "detail"; readonly id: number; readonly detail: Detail | undefined }
  | { readonly type: "ordinal"; readonly id: number; readonly ordinal: number | undefined }
  | { readonly type: "export"; readonly id: number; readonly file: Blob };
