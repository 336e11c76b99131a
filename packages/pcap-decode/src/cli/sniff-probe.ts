import Table from "cli-table3";
import { escapeText } from "../format/escape.ts";
import { colors, Output } from "./output.ts";
import { type CommonOptions, linkTypeText } from "./session.ts";
import { loadLive } from "./sniff-live.ts";

/** Prints the network interfaces. */
export async function listInterfaces(options: CommonOptions & { readonly json?: boolean }): Promise<number> {
  const { interfaces } = await loadLive();
  const all = interfaces();
  const out = new Output();
  if (options.json) {
    out.line(JSON.stringify(all));
    await out.flush();
    return 0;
  }
  const { bold } = colors(options.color, process.stdout);
  const table = new Table({
    head: ["", "Name", "State", "Link type", "MTU", "MAC", "Addresses"].map((text) => bold(text)),
    style: { head: [], border: [], compact: true },
  });
  for (const { index, name, up, running, linkType, mtu, mac, addresses } of all) {
    const state = up ? (running ? "up" : "up, no carrier") : "down";
    const text = addresses.map(({ address, prefix }) => `${address}/${prefix}`).join(" ");
    table.push([index, escapeText(name), state, linkTypeText(linkType), mtu, mac ?? "", text]);
  }
  out.line(table.toString());
  await out.flush();
  return 0;
}

/** Options of `ping`. */
export interface PingCommandOptions {
  readonly count?: number;
  readonly interval: number;
  readonly timeout: number;
  readonly size: number;
  readonly ttl: number;
}

/** Pings until Ctrl-C or the count; 1 when nothing answered. */
export async function pingHost(host: string, options: PingCommandOptions): Promise<number> {
  const { ping } = await loadLive();
  const out = new Output();
  const abort = new AbortController();
  process.once("SIGINT", () => abort.abort());
  const { interval, timeout, ...rest } = options;
  const pings = ping(host, {
    ...rest,
    interval: Math.round(interval * 1000),
    timeout: Math.round(timeout * 1000),
    signal: abort.signal,
  });
  try {
    for await (const { sequence, ok, from, rtt, ttl, text } of pings) {
      const what = ok ? `ttl=${ttl}` : (text ?? "no answer");
      const time = rtt === undefined ? "" : ` time=${rtt.toFixed(3)} ms`;
      out.line(`${from === undefined ? "" : `${from} `}seq=${sequence} ${what}${time}`);
      await out.flush();
    }
  } catch (error) {
    if (!abort.signal.aborted) throw error;
  }
  const { sent, received, loss, min, average, max, deviation } = pings.statistics();
  out.line(`${sent} sent, ${received} received, ${(loss * 100).toFixed(1)}% lost`);
  const times = [min, average, max, deviation];
  if (received > 0) out.line(`min/avg/max/dev ${times.map((time) => (time ?? 0).toFixed(3)).join("/")} ms`);
  await out.flush();
  return received > 0 ? 0 : 1;
}

/** Options of `traceroute`. */
export interface TracerouteCommandOptions {
  readonly method: "udp" | "icmp" | "tcp";
  readonly maxHops: number;
  readonly queries: number;
  readonly timeout: number;
  readonly port?: number;
}

/** Prints a hop a line; 1 when the host was not reached. */
export async function traceHost(host: string, options: TracerouteCommandOptions): Promise<number> {
  const { traceroute } = await loadLive();
  const out = new Output();
  const abort = new AbortController();
  process.once("SIGINT", () => abort.abort());
  let reached = false;
  const hops = traceroute(host, { ...options, timeout: Math.round(options.timeout * 1000), signal: abort.signal });
  try {
    for await (const { ttl, probes, last } of hops) {
      const seen = new Set<string>();
      const parts = probes.map(({ from, rtt }) => {
        if (from === undefined) return "*";
        const time = rtt === undefined ? "" : `${rtt.toFixed(3)} ms`;
        if (seen.has(from)) return time;
        seen.add(from);
        return `${from} ${time}`;
      });
      out.line(`${String(ttl).padStart(2)}  ${parts.join("  ")}`);
      await out.flush();
      reached = last;
    }
  } catch (error) {
    if (!abort.signal.aborted) throw error;
  }
  return reached ? 0 : 1;
}
