export { fromDuplex } from "./bridges/from-duplex.ts";
export { fromWeb } from "./bridges/from-web.ts";
export { type PipedBytes, type PipeOptions, pipe } from "./bridges/pipe.ts";
export { toDuplex } from "./bridges/to-duplex.ts";
export { toWeb } from "./bridges/to-web.ts";
export type { WebStreams } from "./bridges/web-streams.ts";
export { ByteQueue } from "./byte-queue.ts";
export type { ByteSink } from "./byte-sink.ts";
export type { ByteSource } from "./byte-source.ts";
export type { ByteStream, CloseOptions, StreamOptions } from "./byte-stream.ts";
export type { Codec, CodecOptions, OverflowPolicy } from "./codecs/codec.ts";
export { delimited } from "./codecs/delimited.ts";
export { jsonLines } from "./codecs/json-lines.ts";
export { type LengthPrefixedOptions, lengthPrefixed } from "./codecs/length-prefixed.ts";
export { type LinesOptions, lines } from "./codecs/lines.ts";
export { netstrings } from "./codecs/netstrings.ts";
export type { StandardIssue, StandardResult, StandardSchema } from "./codecs/standard-schema.ts";
export { type OpenOptions, openConnection } from "./connect.ts";
export { Connection, type ConnectionRole } from "./connection.ts";
export {
  IncompleteReadError,
  LimitError,
  ProtocolError,
  StreamBusyError,
  StreamClosedError,
  StreamError,
  TlsError,
} from "./errors.ts";
export { type Framed, framed } from "./framed.ts";
export { type LimitOptions, Reader } from "./reader.ts";
export { type Handler, type HandlerContext, type Server, type StartOptions, startServer } from "./server.ts";
export type { ClientTlsOptions, ServerTlsOptions, StartTlsOptions, TlsState } from "./tls-options.ts";
export { Writer } from "./writer.ts";
