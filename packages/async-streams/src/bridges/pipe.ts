/** Two streams made one. */
import { AbortError } from "@sockeye/socket-core";
import type { ByteStream } from "../byte-stream.ts";
import { checkOptions, checkStream, typeError } from "../check.ts";

/** What `pipe` takes. */
export interface PipeOptions {
  /** Aborts both streams when it fires. */
  signal?: AbortSignal;
}

/** How many bytes went which way. */
export interface PipedBytes {
  /** From the first stream to the second. */
  readonly forth: number;
  /** From the second stream to the first. */
  readonly back: number;
}

/** So much is moved at a time. */
const BUFFER_SIZE = 64 * 1024;
/** Buffers that are not used now; how many are kept for the next who needs one. */
const spares: Uint8Array[] = [];
const MAX_SPARES = 4;

/**
 * Connects two streams, both ways: a proxy. The end of one direction is passed on as a half-close while the other goes
 * on; when both have ended, both streams are closed. A slow receiver slows its sender down. Rejects with what broke
 * either stream, or AbortError, and both are aborted then.
 */
export async function pipe(a: ByteStream, b: ByteStream, options: PipeOptions = {}): Promise<PipedBytes> {
  checkStream("a", a);
  checkStream("b", b);
  checkOptions("options", options);
  const { signal } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw typeError("signal", "an AbortSignal", signal);
  const abort = (): void => {
    a.abort();
    b.abort();
  };
  signal?.addEventListener("abort", abort);
  try {
    signal?.throwIfAborted();
    const [forth, back] = await Promise.all([copy(a, b), copy(b, a)]);
    await Promise.all([a.close(), b.close()]);
    return { forth, back };
  } catch (error) {
    abort();
    throw signal?.aborted ? new AbortError("pipe", signal.reason) : error;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

async function copy({ reader }: ByteStream, { writer }: ByteStream): Promise<number> {
  let total = 0;
  for (;;) {
    // Only while bytes move: most connections of a proxy are idle.
    const buffer = spares.pop() ?? new Uint8Array(BUFFER_SIZE);
    let count = reader.tryReadInto(buffer);
    while (count !== null && count > 0) {
      total += count;
      // When it resolves, the bytes are sent or copied: the buffer is free again.
      await writer.write(buffer.subarray(0, count));
      count = reader.tryReadInto(buffer);
    }
    if (spares.length < MAX_SPARES) spares.push(buffer);
    if (count === 0) break;
    await reader.readable();
  }
  await writer.end();
  return total;
}
