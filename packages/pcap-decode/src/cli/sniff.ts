import { escapeText } from "../format/escape.ts";
import type { CaptureRecorder, Sniffer } from "../live/index.ts";
import type { Timestamp } from "../timestamp.ts";
import { colors, Output } from "./output.ts";
import { type PrintOptions, packetText } from "./read.ts";
import type { CommonOptions } from "./session.ts";
import { showCounters } from "./sniff-counters.ts";
import { loadLive } from "./sniff-live.ts";

/** Options of `sniff`. */
export interface SniffCommandOptions extends CommonOptions, PrintOptions {
  readonly filter: string;
  readonly count?: number;
  readonly snaplen?: number;
  readonly promiscuous: boolean;
  readonly receiveBuffer?: number;
  readonly duration?: number;
  readonly write?: string;
  readonly print?: boolean;
  readonly rotateSize?: number;
  readonly rotateSeconds?: number;
  readonly rotatePackets?: number;
  readonly files?: number;
}

/** How often a file that is written gets what came. */
const FLUSH_INTERVAL = 1000;

/** Captures until Ctrl-C, the count or the time; prints packets or writes them to files. */
export async function sniffPackets(interfaces: string, options: SniffCommandOptions): Promise<number> {
  const live = await loadLive();
  const abort = new AbortController();
  const stop = (): void => abort.abort();
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  const recorder = options.write === undefined ? undefined : new live.CaptureRecorder(options.write, rotation(options));
  const sniffer = live.sniff({
    interfaces: interfaces.split(","),
    filter: options.filter,
    promiscuous: options.promiscuous,
    signal: abort.signal,
    ...(options.count === undefined ? {} : { count: options.count }),
    ...(options.snaplen === undefined ? {} : { snaplen: options.snaplen }),
    ...(options.receiveBuffer === undefined ? {} : { receiveBuffer: options.receiveBuffer * 1024 }),
    ...(options.duration === undefined ? {} : { timeout: options.duration * 1000 }),
  });
  process.stderr.write(`listening on ${escapeText(interfaces)}\n`);
  const prints = recorder === undefined || options.print === true;
  const done = prints && process.stdout.isTTY ? () => {} : showCounters(sniffer);
  try {
    await capture(sniffer, recorder, prints ? options : undefined);
  } finally {
    done();
    await recorder?.close();
    await sniffer.close();
    process.removeListener("SIGINT", stop);
    process.removeListener("SIGTERM", stop);
    const { delivered, received, dropped } = sniffer.statistics();
    process.stderr.write(
      `${delivered} packets captured, ${received} received by filter, ${dropped} dropped by kernel\n`,
    );
    for (const file of recorder?.recording.files ?? []) process.stderr.write(`written: ${escapeText(file)}\n`);
  }
  return 0;
}

function rotation(options: SniffCommandOptions): NonNullable<ConstructorParameters<typeof CaptureRecorder>[1]> {
  return {
    ...(options.rotateSize === undefined ? {} : { maxBytes: options.rotateSize * 1_000_000 }),
    ...(options.rotateSeconds === undefined ? {} : { maxSeconds: options.rotateSeconds }),
    ...(options.rotatePackets === undefined ? {} : { maxPackets: options.rotatePackets }),
    ...(options.files === undefined ? {} : { maxFiles: options.files }),
  };
}

async function capture(
  sniffer: Sniffer,
  recorder: CaptureRecorder | undefined,
  print: SniffCommandOptions | undefined,
): Promise<void> {
  const out = new Output();
  const paint = colors(print?.color ?? "never", process.stdout);
  let first: Timestamp | undefined;
  let number = 0;
  let flushed = performance.now();
  for await (const packets of sniffer.batches()) {
    for (const packet of packets) {
      const recorded = recorder?.write(packet);
      if (recorded !== undefined) await recorded;
      if (print === undefined) continue;
      first ??= packet.time;
      const printed = out.line(packetText(paint, packet, ++number, print, first));
      if (printed !== undefined) await printed;
    }
    if (print !== undefined) await out.flush();
    if (recorder !== undefined && performance.now() - flushed > FLUSH_INTERVAL) {
      await recorder.flush();
      flushed = performance.now();
    }
  }
}
