import type { LayerView } from "../layer.ts";
import type { Packet } from "../packet.ts";
import { escapeText } from "./escape.ts";

/** The text a layer adds to the summary. */
export function layerSummary(view: LayerView): string {
  const definition = view.layer.definition as { summary?(view: LayerView): string };
  return definition.summary === undefined ? "" : escapeText(definition.summary(view));
}

/** What a line about a packet is made of; empty parts are empty text. */
export interface SummaryParts {
  readonly layers: readonly string[];
  /** `192.0.2.1:40000 > 198.51.100.2:80` */
  readonly flow: string;
  /** What the inner two layers say. */
  readonly details: string;
  /** Bytes that no layer decodes. */
  readonly payload: number;
  readonly error: string;
}

/** The parts of a packet's line. */
export function summaryParts(packet: Packet): SummaryParts {
  const views = packet.layers;
  const network = views.findLast((view) => "src" in view && "dst" in view);
  const ports = views.findLast((view) => "sport" in view && "dport" in view);
  const { error } = packet;
  return {
    layers: views.map((view) => view.layer.name),
    flow: flowText(network, ports),
    details: views.slice(-2).map(layerSummary).filter(Boolean).join(" "),
    payload: packet.payload.length,
    error: error === undefined ? "" : `[${error.layer}: ${error.code}]`,
  };
}

/** `Ethernet / IPv4 / TCP  192.0.2.1:40000 > 198.51.100.2:80  SA seq=…`: the chain, then what the layers say. */
export function packetSummary(packet: Packet): string {
  const { layers, flow, details, payload, error } = summaryParts(packet);
  const chain = layers.join(" / ") || "Raw";
  return [chain, flow, details, payload > 0 ? `payload=${payload}` : "", error].filter(Boolean).join("  ");
}

function flowText(network: LayerView | undefined, ports: LayerView | undefined): string {
  if (network === undefined) return "";
  const { src, dst } = network as unknown as { src: unknown; dst: unknown };
  if (typeof src !== "string" || typeof dst !== "string") return "";
  if (ports === undefined || ports.offset < network.offset) return `${src} > ${dst}`;
  const { sport, dport } = ports as unknown as { sport: number; dport: number };
  const wrap = (address: string) => (network.layer.name === "IPv6" ? `[${address}]` : address);
  return `${wrap(src)}:${sport} > ${wrap(dst)}:${dport}`;
}
