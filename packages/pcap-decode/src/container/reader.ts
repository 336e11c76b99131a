import type { Packet } from "../packet.ts";
import type { FilterOption } from "../packet-filter.ts";
import type { CaptureBlock } from "./block.ts";
import type { CaptureInterface } from "./interface.ts";

/** Limits of a reader: each is a named bound on what a hostile file can make it hold. */
export interface ReaderLimits {
  /** Largest packet in bytes; more is damage. Default 16 MiB. */
  readonly maxPacketLength?: number;
  /** Largest pcapng block in bytes; more is damage. Default 32 MiB. */
  readonly maxBlockLength?: number;
  /** Most interfaces of a section, and most name, secrets and statistics blocks remembered. Default 65536. */
  readonly maxInterfaces?: number;
}

/** What a container reader is made with. */
export interface ReaderOptions extends ReaderLimits {
  readonly filter?: FilterOption;
}

export const DEFAULT_MAX_PACKET_LENGTH = 16 * 1024 * 1024;
export const DEFAULT_MAX_BLOCK_LENGTH = 32 * 1024 * 1024;
export const DEFAULT_MAX_INTERFACES = 65536;
/** What libpcap keeps of a packet when the file's snapshot length is 0 or larger (MAXIMUM_SNAPLEN). */
export const MAXIMUM_SNAPLEN = 262144;

/** What is wrong with a file, found where reading stopped. */
export interface CaptureProblem {
  /** `truncated`: the file ends within a packet or block. `damaged`: what is there cannot be. */
  readonly code: "truncated" | "damaged";
  /** Bytes from the start of the (uncompressed) file. */
  readonly offset: number;
  readonly message: string;
}

/**
 * The state that both containers share: bytes between `position` and `limit` of `buffer` are still to be read, and
 * `base` is the file offset of `buffer[0]`. A reader makes no copies and does no I/O.
 */
export interface ContainerReader {
  readonly format: "pcap" | "pcapng";
  readonly byteOrder: "little" | "big";
  readonly interfaces: readonly CaptureInterface[];
  buffer: Uint8Array;
  position: number;
  limit: number;
  base: number;
  problem: CaptureProblem | undefined;
  /** Set when a packet or block over `buffer` was given: the memory is no longer the reader's alone. */
  shared: boolean;
  /** Bytes that the item at `position` needs in all, as far as known: how much to make room for. */
  needed: number;
  /** The next packet that the filter passes, or `undefined` when more bytes are needed or `problem` is set. */
  nextPacket(): Packet | undefined;
  /** The next block of any kind; the filter is not asked. */
  nextBlock(): CaptureBlock | undefined;
}
