import { pcapHeader } from "../container/pcap-encoder.ts";
import { PCAP_HEADER, pcapMagic, readPcapHeader } from "../container/pcap-header.ts";
import type { CaptureProblem } from "../container/reader.ts";
import { hasPlainRecords, RecordFilter } from "../container/record-filter.ts";
import { openSource } from "../container/source.ts";
import { compileFilter } from "../filter/filter.ts";
import { showProgress } from "./progress.ts";

/** Large pieces: each costs two handovers between threads. */
const CHUNK = 4 * 1024 * 1024;
const NOTHING = new Uint8Array(0);

/** Where the selected packets go; the bytes are used again when `write` has resolved. */
export interface FilterTarget {
  /** Writes bytes from `at` on, some or all. */
  write(bytes: Uint8Array, at: number): Promise<{ readonly bytesWritten: number }>;
  close(): Promise<void>;
}

/** What became of a file. */
export interface FilteredFile {
  readonly packets: number;
  readonly problem: CaptureProblem | undefined;
}

/**
 * Writes the packets of `path` that `expression` selects to `target`, a pcap again, without decoding any. `undefined`
 * when the file is not a pcap of the usual kind; then nothing has been written.
 */
export async function filterFile(
  path: string,
  expression: string,
  open: () => Promise<FilterTarget>,
  interrupt: { readonly interrupted: boolean },
): Promise<FilteredFile | undefined> {
  const source = await openSource(path, { chunkSize: CHUNK });
  const done = showProgress(source);
  let out: FilterTarget | undefined;
  try {
    let filled = await source.fill(NOTHING, PCAP_HEADER);
    if (filled === undefined || filled.limit < PCAP_HEADER || pcapMagic(filled.buffer, 0) === undefined)
      return undefined;
    const header = readPcapHeader(filled.buffer, 0);
    if (!hasPlainRecords(header)) return undefined;
    const records = new RecordFilter(header, compileFilter(expression, { linkType: header.linkType }));
    out = await open();
    const { linkType, linkTypeExtension, effectiveSnaplen: snaplen, nanoseconds } = header;
    await writeAll(out, pcapHeader({ linkType, linkTypeExtension, snaplen, nanoseconds, big: false }));
    let base = 0;
    let from = PCAP_HEADER;
    while (filled !== undefined && !interrupt.interrupted) {
      const { buffer, limit }: { buffer: Uint8Array; limit: number } = filled;
      const kept = records.keep(buffer, from, limit, base);
      await writeAll(out, buffer.subarray(from, kept));
      if (records.problem !== undefined) break;
      const rest = buffer.subarray(records.position, limit);
      base += records.position;
      from = 0;
      filled = await source.fill(rest, records.needed);
      if (filled !== undefined) source.recycle?.(buffer);
      else if (rest.length > 0) {
        const message = `The file ends within a packet or block that starts at byte ${base}`;
        records.problem = { code: "truncated", offset: base, message };
      }
    }
    return { packets: records.packets, problem: records.problem };
  } finally {
    done();
    await source.close();
    await out?.close();
  }
}

async function writeAll(out: FilterTarget, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await out.write(bytes, at)).bytesWritten;
}
