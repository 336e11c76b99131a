export type { StreamPair } from "./assert.ts";
export {
  type CheckOptions,
  checkStream,
  type MakePair,
  type StreamCheck,
  streamChecks,
} from "./check-stream.ts";
export { type MemoryPairOptions, memoryPair } from "./memory-pair.ts";
