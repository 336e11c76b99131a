/** What the checks of streams are made of; no test runner is needed. */
import type { ByteStream } from "../byte-stream.ts";

/** The two ends of one stream. */
export type StreamPair = readonly [ByteStream, ByteStream];

/** Throws when a condition does not hold. */
export function ensure(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

/** What a promise rejects with. */
export async function failureOf(promise: Promise<unknown>, what: string): Promise<Error & { code?: string }> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    ensure(error instanceof Error, `${what} must reject with an Error, got ${String(error)}`);
    return error;
  }
  throw new Error(`${what} must reject, but resolved with ${String(value)}`);
}

const CLOSED = new Set(["ERR_SOCKET_CLOSED", "ERR_STREAM_CLOSED"]);

/** That a promise rejects because this side is closed. */
export async function ensureClosed(promise: Promise<unknown>, what: string): Promise<void> {
  const error = await failureOf(promise, what);
  ensure(CLOSED.has(error.code ?? ""), `${what} must reject with a ClosedError, got ${error}`);
}

/** That exactly these bytes come next, however they are cut. */
export async function ensureReads({ reader }: ByteStream, expected: string): Promise<void> {
  const found = (await reader.readExactly(Buffer.byteLength(expected))).toString();
  ensure(found === expected, `expected to read ${JSON.stringify(expected)}, got ${JSON.stringify(found)}`);
}

/** That the end comes next. */
export async function ensureEnd({ reader }: ByteStream): Promise<void> {
  const found = await reader.read();
  ensure(found === null, `expected the end of the stream, got ${found?.length} bytes`);
}

/** One turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** After so many turns in which nothing moved, nothing will. */
const STILL = 100;

/** Writes without waiting until the stream takes no more, and tells how many bytes that were. */
export async function clog({ writer }: ByteStream): Promise<number> {
  const chunk = Buffer.alloc(256 * 1024, "c");
  let written = 0;
  for (let still = 0, buffered = -1; still < STILL; ) {
    if (writer.buffered === 0) {
      void writer.write(chunk);
      written += chunk.length;
    }
    await turn();
    still = writer.buffered > 0 && writer.buffered === buffered ? still + 1 : 0;
    buffered = writer.buffered;
  }
  // Whatever is written behind this one has to wait.
  void writer.write(chunk);
  return written + chunk.length;
}

/** How many bytes come before the end. */
export async function countToEnd({ reader }: ByteStream): Promise<number> {
  const target = new Uint8Array(64 * 1024);
  let total = 0;
  for (let count = await reader.readInto(target); count !== null; count = await reader.readInto(target)) total += count;
  return total;
}

/** Writes until it fails; that is what a peer that is gone comes to. */
export async function writeUntilFailure({ writer }: ByteStream): Promise<Error & { code?: string }> {
  for (;;) {
    try {
      await writer.write("x".repeat(100));
    } catch (error) {
      return error as Error;
    }
    await turn();
  }
}

/** Whether a promise is still pending after a turn. */
export async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const settled = promise.then(
    () => false,
    () => false,
  );
  return Promise.race([settled, turn().then(() => true)]);
}
