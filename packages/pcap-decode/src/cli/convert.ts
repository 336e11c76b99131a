import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { extname } from "node:path";
import { finished } from "node:stream/promises";
import { type CaptureTarget, CaptureWriter, type CaptureWriterOptions } from "../container/writer.ts";
import { InvalidValueError } from "../errors.ts";
import { ParquetTable } from "./parquet.ts";
import { showProgress } from "./progress.ts";
import { type CommonOptions, type SelectOptions, Session } from "./session.ts";

/** What `convert` can write. */
type OutputFormat = "pcap" | "pcapng" | "jsonl" | "parquet";

/** Options of `convert`. */
export interface ConvertOptions extends CommonOptions, SelectOptions {
  readonly to?: OutputFormat | undefined;
  readonly snaplen?: number | undefined;
  readonly nanoseconds?: boolean;
  readonly bigEndian?: boolean;
}

const byExtension: Readonly<Record<string, OutputFormat>> = {
  ".pcap": "pcap",
  ".cap": "pcap",
  ".dmp": "pcap",
  ".pcapng": "pcapng",
  ".ntar": "pcapng",
  ".json": "jsonl",
  ".jsonl": "jsonl",
  ".ndjson": "jsonl",
  ".parquet": "parquet",
};

/** Writes the packets of one file to another, in the format that the name or `--to` gives. */
export async function convert(from: string, to: string, options: ConvertOptions): Promise<number> {
  const format = options.to ?? byExtension[extname(to).toLowerCase()];
  if (format === undefined) {
    throw new InvalidValueError("OUTPUT", to, `a name that ends in ${Object.keys(byExtension).join(", ")}, or --to`);
  }
  const session = new Session(options);
  if (format === "jsonl") return writeJSON(session, from, to, options);
  if (format === "parquet") return writeParquet(session, from, to, options);
  return writeCapture(session, from, to, { ...options, to: format });
}

/** Standard output for `-`. */
export function target(path: string): CaptureTarget {
  if (path !== "-") return path;
  return {
    async write(bytes) {
      if (!process.stdout.write(bytes)) await once(process.stdout, "drain");
    },
  };
}

async function writeCapture(session: Session, from: string, to: string, options: ConvertOptions): Promise<number> {
  const format = options.to as "pcap" | "pcapng";
  const writing: CaptureWriterOptions = {
    format,
    ...(options.snaplen === undefined ? {} : { snaplen: options.snaplen }),
    nanoseconds: options.nanoseconds ?? false,
    byteOrder: options.bigEndian ? "big" : "little",
  };
  const capture = session.open(from, options);
  await capture.open();
  const writer = await CaptureWriter.open(target(to), writing);
  const chosen = options.filter || options.count !== undefined || options.skip || options.snaplen !== undefined;
  if (format === "pcapng" && capture.format === "pcapng" && !chosen && !options.bigEndian) {
    // Names, statistics, secrets and comments go along; blocks that ask not to be copied do not.
    const done = showProgress(capture);
    for await (const block of capture.blocks()) {
      if (session.interrupted) break;
      if (block.type !== "custom" || block.copy) await writer.writeBlock(block);
    }
    done();
    session.reportProblem(capture);
  } else await session.each(capture, options, (packet) => writer.write(packet));
  await writer.close();
  note(session, writer.packets, to);
  return session.exitCode;
}

async function writeJSON(session: Session, from: string, to: string, options: ConvertOptions): Promise<number> {
  const stream = to === "-" ? process.stdout : createWriteStream(to);
  const failed = new Promise<never>((_resolve, reject) => stream.once("error", reject));
  failed.catch(() => {});
  let count = 0;
  await session.each(session.open(from, options), options, (packet, number) => {
    count++;
    const more = stream.write(`${JSON.stringify({ number, ...packet.toJSON() })}\n`);
    return more ? undefined : Promise.race([once(stream, "drain").then(() => {}), failed]);
  });
  if (stream !== process.stdout) {
    stream.end();
    await finished(stream);
  }
  note(session, count, to);
  return session.exitCode;
}

async function writeParquet(session: Session, from: string, to: string, options: ConvertOptions): Promise<number> {
  if (to === "-") throw new InvalidValueError("OUTPUT", to, "a file: Parquet is not written to standard output");
  const table = await ParquetTable.create(to);
  await session.each(session.open(from, options), options, (packet, number) => table.add(packet, number));
  await table.close();
  note(session, table.rows, to);
  return session.exitCode;
}

function note(session: Session, count: number, to: string): void {
  if (to !== "-")
    process.stderr.write(`${count} packets written to ${to}${session.interrupted ? " before the interrupt" : ""}\n`);
}
