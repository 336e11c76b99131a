import type { LayerView } from "../layer.ts";
import type { Packet } from "../packet.ts";
import { escapeText } from "./escape.ts";

/** The text a layer adds to the summary. */
export function layerSummary(view: LayerView): string {
  const definition = view.layer.definition as { summary?(view: LayerView): string };
  return definition.summary === undefined ? "" : escapeText(definition.summary(view));
}

/** `Ethernet / IPv4 / TCP 192.0.2.1:40000 > 198.51.100.2:80 SA seq=…`: the chain, then what the inner layers say. */
export function packetSummary(packet: Packet): string {
  const layers = packet.layers;
  const parts = layers.map((view) => view.layer.name);
  const network = layers.findLast((view) => "src" in view && "dst" in view);
  const ports = layers.at(-1) === undefined ? undefined : layers.findLast((view) => "sport" in view && "dport" in view);
  const flow = flowText(network, ports);
  const details = layers.slice(-2).map(layerSummary).filter(Boolean).join(" ");
  const left = packet.payload.length;
  const text = [parts.join(" / ") || "Raw", flow, details, left > 0 ? `payload=${left}` : ""].filter(Boolean).join("  ");
  const { error } = packet;
  return error === undefined ? text : `${text}  [${error.layer}: ${error.code}]`;
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
