/** Where a reader gets its bytes. */
import type { WaitOptions } from "@sockeye/socket-core";
import type { ByteQueue } from "./byte-queue.ts";

/** What a `Reader` reads from. */
export interface ByteSource {
  /** Moves what is there now into the queue: how many bytes, 0 at the end, or `null` where nothing has arrived yet. */
  pull(queue: ByteQueue): number | null;
  /** The same into memory of the caller, without the detour; called only while the queue is empty. Optional. */
  pullInto?(target: Uint8Array): number | null;
  /** Resolves when `pull` would find something. Rejects with TimeoutError and AbortError as the options ask. */
  wait(options: WaitOptions | undefined): Promise<void>;
}
