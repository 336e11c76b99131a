/** The shape of a connection among web streams. */
import type { ReadableStream, WritableStream } from "node:stream/web";

/** Both directions of a connection as web streams (WHATWG Streams). */
export interface WebStreams {
  readable: ReadableStream<Uint8Array>;
  writable: WritableStream<Uint8Array>;
}
