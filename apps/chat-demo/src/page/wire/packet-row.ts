/** One packet as a row of the table. */
import { type Packet, summaryParts } from "@sockeye/pcap-decode";
import { printable } from "../../protocol/text.ts";
import { nickHue } from "../../session/nick-hue.ts";
import { h } from "../dom.ts";
import { framesOf, saidIn } from "./said.ts";

/** A packet that is kept, with its number in the capture. */
export interface Kept {
  readonly number: number;
  readonly packet: Packet;
}

/** `192.0.2.1:40000 > 198.51.100.2:80` in two; nothing for packets without addresses. */
function sides(flow: string): readonly [string, string] {
  const [from = "", to = ""] = flow.split(" > ");
  return [from, to];
}

function clockTime(packet: Packet): string {
  const date = packet.time.toDate();
  const two = (number: number): string => String(number).padStart(2, "0");
  const micros = String(Math.floor(packet.nanoseconds / 1_000)).padStart(6, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${micros}`;
}

/** The row: number, time, from, to, protocol, length, and what the chat says, or the innermost layers do. */
export function packetRow({ number, packet }: Kept): HTMLTableRowElement {
  const parts = summaryParts(packet);
  const [from, to] = sides(parts.flow);
  const said = saidIn(packet);
  const protocol =
    framesOf(packet).length > 0 ? "WebSocket" : said === undefined ? (parts.layers.at(-1) ?? "?") : "Chat";
  const info = h("td", { class: "info", title: packet.summary() });
  // The chain and the addresses of the summary have columns of their own.
  if (said === undefined) info.append([parts.details, parts.error].filter(Boolean).join("  "));
  else info.append(h("bdi", { class: "said" }, said.split(/\r?\n/).map(printable).join(" ⏎ ")));
  return h(
    "tr",
    { "data-number": number, "aria-selected": "false" },
    h("td", { class: "number" }, String(number)),
    h("td", { class: "time" }, clockTime(packet)),
    h("td", { class: "src" }, from),
    h("td", { class: "dst" }, to),
    h("td", { class: "protocol", "data-hue": nickHue(protocol) }, protocol),
    h("td", { class: "length" }, String(packet.originalLength)),
    info,
  );
}
