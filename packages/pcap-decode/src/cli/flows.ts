import Table from "cli-table3";
import { shorten } from "../format/escape.ts";
import type { Conversation } from "../streams/conversation.ts";
import { endpointText } from "../streams/endpoint.ts";
import type { Flow } from "../streams/flow.ts";
import { FlowTracker } from "../streams/flow-tracker.ts";
import type { Timestamp } from "../timestamp.ts";
import { csvLine } from "./csv.ts";
import { warn, width } from "./output.ts";
import { type CommonOptions, type SelectOptions, Session } from "./session.ts";

/** What rows are ordered by; the greatest first, times the earliest first. */
type SortKey = "bytes" | "packets" | "duration" | "start";

/** Options of `flows`. */
export interface FlowsOptions extends CommonOptions, SelectOptions {
  readonly by: "flow" | "ip" | "ethernet";
  readonly sort: SortKey;
  readonly top?: number | undefined;
  readonly json?: boolean;
  readonly csv?: boolean;
}

/** Flows and conversations that are held: enough for long captures, few enough for memory. */
const MAX_ROWS = 1_000_000;
/** Rows of a table by default: what a person reads. */
const TABLE_ROWS = 50;

/** Prints flows, or conversations of two addresses, the greatest first. */
export async function flows(path: string, options: FlowsOptions): Promise<number> {
  const session = new Session(options);
  const tracker = new FlowTracker({
    maxFlows: MAX_ROWS,
    maxConversations: MAX_ROWS,
    idleTimeout: Number.POSITIVE_INFINITY,
  });
  await session.each(session.open(path, options), options, (packet) => {
    tracker.add(packet);
    return undefined;
  });
  const { by } = options;
  const all: (Flow | Conversation)[] = by === "flow" ? [...tracker] : [...tracker.conversations(by)];
  const rows = sorted(all, options.sort);
  const asTable = !options.json && !options.csv;
  const shown = rows.slice(0, options.top ?? (asTable ? TABLE_ROWS : rows.length));
  if (options.json) for (const row of shown) await session.out.line(JSON.stringify(row));
  else if (options.csv) {
    const lines = shown.map((row) => flatten(row.toJSON()));
    if (lines[0] !== undefined) await session.out.line(csvLine(Object.keys(lines[0])));
    for (const line of lines) await session.out.line(csvLine(Object.values(line)));
  } else {
    const { packets, bytes, forgotten } = tracker.totals;
    if (shown.length > 0)
      await session.out.line(
        by === "flow" ? flowTable(session, shown as Flow[]) : pairTable(session, shown as Conversation[]),
      );
    const rest = rows.length - shown.length;
    const more = rest > 0 ? `; the ${shown.length} first of them are shown (--top)` : "";
    await session.out.line(
      `${rows.length} ${by === "flow" ? "flow" : "conversation"}${rows.length === 1 ? "" : "s"}, ${packets} packets, ${bytes} bytes${more}`,
    );
    if (forgotten > 0) warn(`${forgotten} were forgotten: more than ${MAX_ROWS} at once`);
  }
  await session.out.flush();
  return session.exitCode;
}

function sorted(rows: (Flow | Conversation)[], key: SortKey): (Flow | Conversation)[] {
  if (key === "start") return rows.sort((a, b) => time(a.firstSeen) - time(b.firstSeen));
  return rows.sort((a, b) => b[key] - a[key] || time(a.firstSeen) - time(b.firstSeen));
}

function time({ seconds, nanoseconds }: Timestamp): number {
  return seconds + nanoseconds / 1e9;
}

/** Nested values by names with dots; empty for what is not known. */
function flatten(value: object, prefix = ""): Record<string, string | number> {
  const flat: Record<string, string | number> = {};
  for (const [key, item] of Object.entries(value)) {
    if (typeof item === "object" && item !== null) Object.assign(flat, flatten(item as object, `${prefix}${key}.`));
    else flat[prefix + key] = (item as string | number | undefined) ?? "";
  }
  return flat;
}

function flowTable(session: Session, rows: readonly Flow[]): string {
  const { paint } = session;
  const cells = rows.map((flow) => {
    const { handshake, mean } = flow.roundTrip;
    const rtt = handshake ?? mean;
    const again = flow.toServer.retransmissions + flow.toClient.retransmissions;
    return [
      flow.protocolName,
      endpointText(flow.client),
      endpointText(flow.server),
      `${flow.toServer.packets} ${flow.toClient.packets}`,
      `${flow.toServer.bytes} ${flow.toClient.bytes}`,
      flow.duration.toFixed(3),
      rtt === undefined ? "" : (rtt * 1000).toFixed(2),
      again === 0 ? "" : String(again),
      flow.protocol === 6 ? flow.state : "",
    ];
  });
  const head = ["", "Client", "Server", "Packets", "Bytes", "Seconds", "RTT ms", "Again", "State"];
  return table(session, head, cells, [1, 2], (text, column) =>
    column === 8 && text === "reset" ? paint.red(text) : text,
  );
}

function pairTable(session: Session, rows: readonly Conversation[]): string {
  const cells = rows.map(({ a, b, fromA, fromB, bytes, duration }) => [
    a,
    b,
    `${fromA.packets} (${fromA.bytes})`,
    `${fromB.packets} (${fromB.bytes})`,
    String(bytes),
    duration.toFixed(3),
  ]);
  return table(session, ["A", "B", "A > B", "B > A", "Bytes", "Seconds"], cells, [0, 1]);
}

/** Columns are as wide as their cells, but those of addresses share what the terminal leaves. */
function table(
  { paint }: Session,
  head: readonly string[],
  rows: readonly (readonly string[])[],
  addresses: readonly number[],
  color: (text: string, column: number) => string = (text) => text,
): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  const others = widths.reduce((sum, each, column) => sum + 3 + (addresses.includes(column) ? 0 : each), 1);
  const room = Math.max(15, Math.floor((width() - others) / addresses.length));
  const isText = (column: number) => addresses.includes(column) || head[column] === "" || head[column] === "State";
  const made = new Table({
    head: head.map((text) => paint.bold(text)),
    colAligns: head.map((_, column) => (isText(column) ? "left" : "right")),
    style: { head: [], border: [], compact: true },
    chars: { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" },
  });
  for (const row of rows) {
    made.push(row.map((text, column) => color(addresses.includes(column) ? shorten(text, room) : text, column)));
  }
  return made.toString();
}
