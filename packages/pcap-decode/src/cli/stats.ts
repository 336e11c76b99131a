import Table from "cli-table3";
import type { Capture } from "../container/capture.ts";
import { shorten } from "../format/escape.ts";
import type { Timestamp } from "../timestamp.ts";
import { width } from "./output.ts";
import { type CommonOptions, linkTypeText, type SelectOptions, Session } from "./session.ts";

/** Packets and bytes of one protocol chain. */
interface Tally {
  packets: number;
  bytes: number;
}

/** Longest chains that are kept apart: a capture made to have endless kinds of chains ends up in "others". */
const MAX_CHAINS = 2000;

/** Options of `stats`. */
export interface StatsOptions extends CommonOptions, SelectOptions {
  readonly json?: boolean;
}

/** Counts packets by protocol, and says what the file is. */
export async function stats(path: string, options: StatsOptions): Promise<number> {
  const session = new Session(options);
  const capture = session.open(path, options);
  const chains = new Map<string, Tally>();
  let packets = 0;
  let captured = 0;
  let original = 0;
  let errors = 0;
  let first: Timestamp | undefined;
  let last: Timestamp | undefined;
  await session.each(capture, options, (packet) => {
    packets++;
    captured += packet.capturedLength;
    original += packet.originalLength;
    if (packet.error !== undefined) errors++;
    const time = packet.time;
    if (first === undefined || time < first) first = time;
    if (last === undefined || time > last) last = time;
    let chain = "";
    for (const view of packet.layers) {
      chain = chain === "" ? view.layer.name : `${chain}/${view.layer.name}`;
      add(chains, chain, packet.originalLength);
    }
    return undefined;
  });
  const duration = first === undefined || last === undefined ? 0 : Number(last.ns - first.ns) / 1e9;
  const summary = {
    packets,
    capturedBytes: captured,
    originalBytes: original,
    malformed: errors,
    durationSeconds: duration,
  };
  if (options.json) {
    const protocols = [...chains].map(([chain, tally]) => ({ chain, ...tally }));
    const interfaces = capture.interfaces.map(({ id, linkType, name, snaplen }) => ({ id, linkType, name, snaplen }));
    await session.out.line(
      JSON.stringify({ file: path, format: capture.format, interfaces, first, last, ...summary, protocols }),
    );
  } else {
    const { bold } = session.paint;
    const facts: [string, string][] = [
      ["File", `${path}  ${capture.format ?? ""}, ${capture.byteOrder ?? ""} endian`],
      ...interfaces(capture),
      ["Packets", `${packets}${errors > 0 ? `, ${errors} cut or malformed` : ""}`],
      ["Bytes", captured === original ? String(captured) : `${captured} captured of ${original}`],
      ["Time", `${first?.toISOString() ?? "-"}  to  ${last?.toISOString() ?? "-"}`],
      [
        "Rate",
        duration > 0
          ? `${(packets / duration).toFixed(1)} packets/s, ${((original * 8) / duration / 1000).toFixed(1)} kbit/s over ${duration.toFixed(3)} s`
          : "-",
      ],
    ];
    for (const [name, value] of facts) await session.out.line(`${bold(name.padEnd(10))} ${value}`);
    if (packets > 0) await session.out.line(`\n${protocolTable(session, chains, packets)}`);
  }
  await session.out.flush();
  return session.exitCode;
}

function interfaces(capture: Capture): [string, string][] {
  return capture.interfaces
    .slice(0, 8)
    .map(({ id, linkType, name, snaplen }) => [
      `Interface ${id}`,
      `${name === undefined ? "" : `${name}, `}link type ${linkTypeText(linkType)}, snapshot length ${snaplen === 0 ? "unlimited" : snaplen}`,
    ]);
}

function add(chains: Map<string, Tally>, chain: string, bytes: number): void {
  const key = chains.has(chain) || chains.size < MAX_CHAINS ? chain : "others";
  const tally = chains.get(key);
  if (tally === undefined) chains.set(key, { packets: 1, bytes });
  else {
    tally.packets++;
    tally.bytes += bytes;
  }
}

function protocolTable(session: Session, chains: Map<string, Tally>, packets: number): string {
  const { bold } = session.paint;
  const table = new Table({
    head: ["Protocol", "Packets", "%", "Bytes"].map((text) => bold(text)),
    colAligns: ["left", "right", "right", "right"],
    style: { head: [], border: [], compact: true },
    chars: { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" },
  });
  const room = Math.max(20, width() - 44);
  for (const [chain, { packets: count, bytes }] of [...chains].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const depth = chain.split("/").length - 1;
    const name = `${"  ".repeat(depth)}${chain.slice(chain.lastIndexOf("/") + 1)}`;
    table.push([shorten(name, room), String(count), ((100 * count) / packets).toFixed(1), String(bytes)]);
  }
  return table.toString();
}
