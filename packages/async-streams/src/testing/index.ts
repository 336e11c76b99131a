export type { ByteQueue } from "../byte-queue.ts";
export type { ByteSink } from "../byte-sink.ts";
export type { ByteSource } from "../byte-source.ts";
export type { ByteStream, CloseOptions, StreamOptions } from "../byte-stream.ts";
export type { LimitOptions, Reader } from "../reader.ts";
export type { Writer } from "../writer.ts";
export type { StreamPair } from "./assert.ts";
export {
  type CheckOptions,
  checkStream,
  type MakePair,
  type StreamCheck,
  streamChecks,
} from "./check-stream.ts";
export { type MemoryPairOptions, memoryPair } from "./memory-pair.ts";
