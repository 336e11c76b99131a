/** Streams of `node:stream` as ours. */
import type { Duplex } from "node:stream";
import { type ByteStream, checkStreamOptions, type StreamOptions, TransportStream } from "../byte-stream.ts";
import { checkOptions, rangeError, typeError } from "../check.ts";
import { DuplexTransport } from "./duplex-transport.ts";

/**
 * Reads and writes a Duplex of `node:stream` (a `net.Socket`, a pipe, a transform), which it owns from now on. The
 * Duplex reads ahead up to its own high-water mark. For a half-close that leaves the other half open it needs
 * `allowHalfOpen`. Network errors of Node.js become SocketErrors. Throws TypeError for what is no Duplex of bytes.
 */
export function fromDuplex(duplex: Duplex, options: StreamOptions = {}): ByteStream {
  checkOptions("options", options);
  for (const method of ["read", "write", "end", "destroy", "on"] as const) {
    if (typeof duplex?.[method] !== "function") throw typeError("duplex", "a Duplex of node:stream", duplex);
  }
  if (duplex.readableObjectMode || duplex.writableObjectMode) throw rangeError("duplex", "one of bytes", duplex);
  if (duplex.readableEncoding) throw rangeError("duplex", "one without an encoding", duplex.readableEncoding);
  return new TransportStream(new DuplexTransport(duplex), checkStreamOptions(options));
}
