import { CaptureFormatError } from "../errors.ts";
import type { Packet } from "../packet.ts";
import { plainBytes } from "./bytes.ts";
import { type CaptureOptions, checkOptions } from "./capture-options.ts";
import { createReader, problemError } from "./create-reader.ts";
import { isGzip } from "./gunzip.ts";
import type { CaptureInterface } from "./interface.ts";
import type { CaptureProblem, ContainerReader } from "./reader.ts";
import type { SourceOptions } from "./source.ts";

/** A capture in memory, iterated without promises. */
export interface MemoryCapture extends Iterable<Packet> {
  readonly format: "pcap" | "pcapng";
  readonly interfaces: readonly CaptureInterface[];
  /** What is wrong with the bytes, once reading has come there. */
  readonly problem: CaptureProblem | undefined;
}

/**
 * Reads a capture that is in memory, without promises; it can be iterated once. Packets share its memory. Throws a
 * `CaptureFormatError` when the bytes are no capture; gzip is only for `openCapture`.
 */
export function readCapture(bytes: Uint8Array, options: Omit<CaptureOptions, keyof SourceOptions> = {}): MemoryCapture {
  checkOptions(options);
  const buffer = plainBytes(bytes);
  if (isGzip(buffer, buffer.length))
    throw new CaptureFormatError("The capture is compressed: read it with openCapture", 0);
  const reader = createReader(buffer, buffer.length, options);
  return new MemoryReader(reader, options.strict ?? false);
}

class MemoryReader implements MemoryCapture {
  readonly #reader: ContainerReader;
  readonly #strict: boolean;

  constructor(reader: ContainerReader, strict: boolean) {
    this.#reader = reader;
    this.#strict = strict;
  }

  get format(): "pcap" | "pcapng" {
    return this.#reader.format;
  }
  get interfaces(): readonly CaptureInterface[] {
    return this.#reader.interfaces;
  }
  get problem(): CaptureProblem | undefined {
    return this.#reader.problem;
  }

  [Symbol.iterator](): Iterator<Packet> {
    const reader = this.#reader;
    return {
      next: (): IteratorResult<Packet> => {
        const value = reader.nextPacket();
        if (value !== undefined) return { done: false, value };
        this.#finish();
        return { done: true, value: undefined };
      },
    };
  }

  #finish(): void {
    const reader = this.#reader;
    if (reader.problem === undefined && reader.position < reader.limit) {
      const message = `The bytes end within a packet or block that starts at byte ${reader.position}`;
      reader.problem = { code: "truncated", offset: reader.position, message };
    }
    if (!this.#strict || reader.problem === undefined) return;
    throw problemError(reader.problem);
  }
}
