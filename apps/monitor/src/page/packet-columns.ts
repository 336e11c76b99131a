/** The columns of the packet list, and the colours of its rows. */
import type { PacketRow } from "../engine/messages.ts";
import { CATEGORIES } from "../engine/protocol.ts";
import { count } from "./quantity.ts";
import type { ListColumn } from "./virtual-list.ts";

/** The columns; `time` says how times are shown at the moment. */
export function packetColumns(time: (row: PacketRow) => string): ListColumn<PacketRow>[] {
  return [
    { title: "No.", name: "number", right: true, text: (row) => count(row.number + 1) },
    { title: "Time", name: "time", right: true, text: time },
    { title: "Source", name: "source", text: (row) => row.source },
    { title: "Destination", name: "destination", text: (row) => row.destination },
    { title: "Protocol", name: "protocol", text: (row) => row.protocol },
    { title: "Length", name: "length", right: true, text: (row) => count(row.length) },
    { title: "Info", name: "info", text: (row) => row.info },
  ];
}

/** A row has the colour of its protocol; what is malformed or reset stands out. */
export function packetClass(row: PacketRow): string {
  return `c-${CATEGORIES[row.category]!.toLowerCase()}${row.mark === "" ? "" : ` ${row.mark}`}`;
}
