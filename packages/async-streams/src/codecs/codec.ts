/** What a codec is. */
import type { ByteQueue } from "../byte-queue.ts";

/** Turns items into bytes and bytes into items; it does no I/O, so it can be fed by anything. */
export interface Codec<In, Out = In> {
  /** The bytes (or text) of one item. Throws TypeError or RangeError for an item that cannot be sent. */
  encode(item: Out): string | Uint8Array | readonly (string | Uint8Array)[];
  /**
   * Takes one item from the front of the queue, or returns undefined where it is not all there yet. With `ended`,
   * nothing more will come: what is left may be a last item. Throws ProtocolError for what the peer must not send.
   */
  decode(queue: ByteQueue, ended: boolean): In | undefined;
}

/** What to do with an item over `maxLength`: fail, or leave it out and go on with the next one. */
export type OverflowPolicy = "error" | "skip";
