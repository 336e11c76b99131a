import { CaptureFormatError } from "../errors.ts";
import { PcapReader } from "./pcap.ts";
import { PCAP_HEADER, pcapMagic } from "./pcap-header.ts";
import { isPcapng, PcapngReader } from "./pcapng.ts";
import type { CaptureProblem, ContainerReader, ReaderOptions } from "./reader.ts";

const HEAD = 12;

/** The reader of the container that `buffer[0, limit)` starts with. Throws a `CaptureFormatError` when it is none. */
export function createReader(buffer: Uint8Array, limit: number, options: ReaderOptions): ContainerReader {
  if (limit >= HEAD && isPcapng(buffer, 0)) return new PcapngReader(buffer, 0, limit, options);
  if (limit >= PCAP_HEADER && pcapMagic(buffer, 0) !== undefined) return new PcapReader(buffer, 0, limit, options);
  const known = limit >= 4 && (isPcapng(buffer, 0) || pcapMagic(buffer, 0) !== undefined);
  if (known)
    throw new CaptureFormatError(
      `The file ends within its header, after ${limit} bytes`,
      limit,
      "ERR_CAPTURE_TRUNCATED",
    );
  const start = [...buffer.subarray(0, Math.min(4, limit))].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  throw new CaptureFormatError(
    limit === 0 ? "The file is empty" : `Neither a pcap nor a pcapng file: it starts with ${start}`,
    0,
  );
}

/** The error of a problem, for callers who want one. */
export function problemError({ code, message, offset }: CaptureProblem): CaptureFormatError {
  return new CaptureFormatError(message, offset, code === "truncated" ? "ERR_CAPTURE_TRUNCATED" : "ERR_CAPTURE_FORMAT");
}
