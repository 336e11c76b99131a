import { rename, rm } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { CaptureWriter } from "../container/writer.ts";
import { checkInteger, InvalidValueError } from "../errors.ts";
import type { Packet } from "../packet.ts";
import type { Sniffer } from "./sniffer.ts";

/** When a recording goes on in a new file, and which files stay. */
export interface RecordOptions {
  /** A file ends with the packet that takes it to so many bytes. Default: no limit. */
  readonly maxBytes?: number;
  /** A file ends before the packet that is so many seconds after its first. Default: no limit. */
  readonly maxSeconds?: number;
  /** A file ends with so many packets. Default: no limit. */
  readonly maxPackets?: number;
  /** How many files are kept; the oldest of this recording is deleted for a new one. Default: all. */
  readonly maxFiles?: number;
  /** Default: that of the name's end, `.pcap` or `.pcapng`; pcapng without one. */
  readonly format?: "pcap" | "pcapng";
  /** Called with the path of each file when it is whole. */
  readonly onFile?: (path: string) => void;
}

/** What was recorded. */
export interface Recording {
  readonly packets: number;
  readonly bytes: number;
  /** Files that are there, oldest first. */
  readonly files: readonly string[];
}

/** Of a file that is not whole yet. */
const PART = ".part";

/**
 * Writes packets to a capture file, or to a row of them. A file has the name that its reader looks for only when it is
 * whole: until then it ends in `.part`. With a limit the names are numbered and dated, as dumpcap does it:
 * `trace.pcapng` becomes `trace_00001_20260102030405.pcapng`, the time being that of its first packet in UTC.
 */
export class CaptureRecorder {
  readonly #path: string;
  readonly #options: RecordOptions;
  readonly #format: "pcap" | "pcapng";
  readonly #rotates: boolean;
  readonly #files: string[] = [];
  #writer: CaptureWriter | undefined;
  #name = "";
  #number = 0;
  /** Nanoseconds since 1970 at which the next file begins. */
  #until: bigint | number = Number.POSITIVE_INFINITY;
  #packets = 0;
  #bytes = 0;
  #closed = false;

  /** Nothing is written before the first packet. Throws an InvalidValueError for an option that cannot be. */
  constructor(path: string, options: RecordOptions = {}) {
    if (typeof path !== "string" || basename(path) === "") throw new InvalidValueError("path", path, "a file's path");
    const { format } = options;
    if (format !== undefined && format !== "pcap" && format !== "pcapng") {
      throw new InvalidValueError("format", format, '"pcap" or "pcapng"');
    }
    if (options.maxBytes !== undefined) checkInteger("maxBytes", options.maxBytes, 1024, Number.MAX_SAFE_INTEGER);
    if (options.maxSeconds !== undefined) checkInteger("maxSeconds", options.maxSeconds, 1, 2 ** 31 - 1);
    if (options.maxPackets !== undefined) checkInteger("maxPackets", options.maxPackets, 1, Number.MAX_SAFE_INTEGER);
    if (options.maxFiles !== undefined) checkInteger("maxFiles", options.maxFiles, 1, 100_000);
    this.#rotates = (options.maxBytes ?? options.maxSeconds ?? options.maxPackets) !== undefined;
    if (options.maxFiles !== undefined && !this.#rotates) {
      throw new InvalidValueError("maxFiles", options.maxFiles, "maxBytes, maxSeconds or maxPackets with it");
    }
    this.#path = path;
    this.#options = options;
    this.#format = format ?? (extname(path) === ".pcap" ? "pcap" : "pcapng");
  }

  /** Files, packets and bytes so far; a file counts when it is whole. */
  get recording(): Recording {
    return { packets: this.#packets, bytes: this.#bytes + (this.#writer?.bytes ?? 0), files: [...this.#files] };
  }

  /**
   * Writes a packet. The result is a promise only when the file has to catch up or changes; wait for it before the next
   * call. Rejects with the error of the file system.
   */
  write(packet: Packet): Promise<void> | undefined {
    if (this.#closed) throw new InvalidValueError("CaptureRecorder", "closed", "an open recorder");
    const writer = this.#writer;
    if (writer === undefined || packet.time.ns >= this.#until) return this.#writeNext(packet);
    return this.#writeTo(writer, packet);
  }

  /** Hands what was written so far to the file, where whoever reads along finds it. */
  async flush(): Promise<void> {
    await this.#writer?.flush();
  }

  /** Ends the file: it gets its name, and the next packet begins another. Without a packet there is no file. */
  async rotate(): Promise<void> {
    const writer = this.#writer;
    if (writer === undefined) return;
    this.#writer = undefined;
    await writer.close();
    this.#bytes += writer.bytes;
    await rename(this.#name + PART, this.#name);
    this.#files.push(this.#name);
    this.#options.onFile?.(this.#name);
    while (this.#files.length > (this.#options.maxFiles ?? Number.POSITIVE_INFINITY)) {
      await rm(this.#files.shift()!, { force: true });
    }
  }

  /** Ends the last file. One that has no name of its own is written even without packets. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#writer === undefined && !this.#rotates && this.#number === 0) await this.#open(undefined);
    await this.rotate();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #writeNext(packet: Packet): Promise<void> {
    await this.rotate();
    await this.#writeTo(await this.#open(packet), packet);
  }

  #writeTo(writer: CaptureWriter, packet: Packet): Promise<void> | undefined {
    const { maxBytes, maxPackets } = this.#options;
    const waiting = writer.write(packet);
    this.#packets++;
    if (writer.bytes < (maxBytes ?? Number.POSITIVE_INFINITY) && writer.packets !== maxPackets) return waiting;
    return this.rotate();
  }

  async #open(first: Packet | undefined): Promise<CaptureWriter> {
    this.#number++;
    const { maxSeconds } = this.#options;
    if (first !== undefined && maxSeconds !== undefined) {
      this.#until = first.time.ns + BigInt(maxSeconds) * 1_000_000_000n;
    }
    this.#name = this.#rotates && first !== undefined ? this.#numbered(first) : this.#path;
    this.#writer = await CaptureWriter.open(this.#name + PART, { format: this.#format, nanoseconds: true });
    return this.#writer;
  }

  #numbered(first: Packet): string {
    const end = extname(this.#path);
    const number = String(this.#number).padStart(5, "0");
    const time = first.time.toDate().toISOString().slice(0, 19).replace(/\D/g, "");
    return join(dirname(this.#path), `${basename(this.#path, end)}_${number}_${time}${end}`);
  }
}

/**
 * Records a capture until it ends: `await record(sniff({ interface: "eth0", signal }), "trace.pcapng")`. Rejects as
 * iterating it does, after the packets before it are in the file, and with the error of the file system.
 */
export async function record(
  packets: Sniffer | AsyncIterable<Packet>,
  path: string,
  options: RecordOptions = {},
): Promise<Recording> {
  const recorder = new CaptureRecorder(path, options);
  try {
    if ("batches" in packets) {
      for await (const batch of packets.batches()) {
        for (const packet of batch) {
          const waiting = recorder.write(packet);
          if (waiting !== undefined) await waiting;
        }
      }
    } else {
      for await (const packet of packets) await recorder.write(packet);
    }
  } finally {
    await recorder.close();
  }
  return recorder.recording;
}
