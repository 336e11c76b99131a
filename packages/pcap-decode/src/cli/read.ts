import { hexdump } from "../format/hexdump.ts";
import { summaryParts } from "../format/summary.ts";
import type { Packet } from "../packet.ts";
import { Timestamp } from "../timestamp.ts";
import type { CommonOptions, SelectOptions } from "./session.ts";
import { Session } from "./session.ts";

/** How times are printed. */
type TimeFormat = "local" | "utc" | "epoch" | "relative";

/** How packets are printed. */
export interface PrintOptions {
  readonly verbose?: boolean;
  readonly hex?: boolean;
  readonly json?: boolean;
  readonly time: TimeFormat;
}

/** Options of `read`. */
export interface ReadOptions extends CommonOptions, SelectOptions, PrintOptions {}

type Paint = Session["paint"];

/** Colours by what a packet is about; the first rule that fits. */
const rules: readonly (readonly [
  layers: ReadonlySet<string>,
  color: "red" | "green" | "cyan" | "yellow" | "magenta" | "blue",
])[] = [
  [new Set(["ICMP", "ICMPv6"]), "magenta"],
  [new Set(["ARP", "STP", "LLDP", "LLC"]), "yellow"],
  [new Set(["DNS", "DHCP", "DHCPv6", "NTP"]), "blue"],
  [new Set(["HTTP", "TLS", "QUIC", "SIP"]), "green"],
  [new Set(["TCP", "UDP", "SCTP"]), "cyan"],
];

/** Prints packets: a line each, or their layers, bytes or JSON. */
export async function read(path: string, options: ReadOptions): Promise<number> {
  const session = new Session(options);
  const capture = session.open(path, options);
  let first = new Timestamp(0, 0);
  await session.each(
    capture,
    options,
    (packet, number) => session.out.line(packetText(session.paint, packet, number, options, first)),
    {
      quiet: process.stdout.isTTY === true,
      first: (packet) => {
        first = packet.time;
      },
    },
  );
  await session.out.flush();
  return session.exitCode;
}

/** A packet as `options` want it: one line, its layers, its bytes, or JSON. `first` is when the first one came. */
export function packetText(
  paint: Paint,
  packet: Packet,
  number: number,
  options: PrintOptions,
  first: Timestamp,
): string {
  if (options.json) return JSON.stringify({ number, ...packet.toJSON() });
  const lines = [
    options.verbose ? packet.show() : line(paint, packet, number, timeText(packet.time, options.time, first)),
  ];
  if (options.hex) lines.push(hexdump(packet.bytes));
  if (options.verbose) lines.push("");
  return lines.join("\n");
}

function line(paint: Paint, packet: Packet, number: number, time: string): string {
  const { layers, flow, details, payload, error } = summaryParts(packet);
  const rule = rules.find(([names]) => layers.some((name) => names.has(name)));
  const color = error !== "" ? paint.red : rule === undefined ? (text: string) => text : paint[rule[1]];
  const name = layers.at(-1) ?? `link type ${packet.linkType}`;
  const left = payload > 0 ? `payload=${payload}` : "";
  const text = [flow, name, details, left].filter(Boolean).join(" ");
  return `${paint.dim(String(number).padStart(5))} ${paint.dim(time)} ${color(text)}${error === "" ? "" : ` ${paint.red(error)}`}`;
}

function timeText(time: Timestamp, format: TimeFormat, first: Timestamp): string {
  if (format === "epoch") return time.toString();
  if (format === "utc") return time.toISOString();
  if (format === "relative") {
    const ns = time.ns - first.ns;
    const sign = ns < 0n ? "-" : "";
    const size = ns < 0n ? -ns : ns;
    return `${sign}${size / 1_000_000_000n}.${String(size % 1_000_000_000n)
      .padStart(9, "0")
      .slice(0, 6)}`;
  }
  const date = time.toDate();
  const two = (value: number) => String(value).padStart(2, "0");
  const micros = String(Math.floor(time.nanoseconds / 1000)).padStart(6, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${micros}`;
}
