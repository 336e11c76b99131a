/** Web streams as ours. */
import { type ByteStream, checkStreamOptions, type StreamOptions, TransportStream } from "../byte-stream.ts";
import { checkFunction, checkOptions } from "../check.ts";
import type { WebStreams } from "./web-streams.ts";
import { WebTransport } from "./web-transport.ts";

/**
 * Reads and writes a pair of web streams of bytes (a CompressionStream, a WebSocketStream, a TransformStream …), which
 * it locks and owns from now on. Throws TypeError for streams that are none or are locked.
 */
export function fromWeb(streams: WebStreams, options: StreamOptions = {}): ByteStream {
  checkOptions("options", options);
  checkOptions("streams", streams);
  checkFunction("streams.readable.getReader", streams.readable?.getReader);
  checkFunction("streams.writable.getWriter", streams.writable?.getWriter);
  return new TransportStream(new WebTransport(streams), checkStreamOptions(options));
}
