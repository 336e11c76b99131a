/** What holds for both directions together, half-close included. */
import type { ByteStream } from "../byte-stream.ts";
import { clog, countToEnd, ensure, ensureClosed, ensureEnd, ensureReads, isPending } from "./assert.ts";

const DUPLEX_SIZE = 1024 * 1024;

/** Numbers that look random and are the same every time (xorshift). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

async function sendInPieces({ writer }: ByteStream, data: Buffer, seed: number): Promise<void> {
  const next = numbers(seed);
  for (let at = 0; at < data.length; ) {
    const end = at + 1 + (next() % 20_000);
    await writer.write(data.subarray(at, end));
    at = end;
  }
}

async function receiveInPieces({ reader }: ByteStream, expected: Buffer, seed: number): Promise<void> {
  const next = numbers(seed);
  for (let at = 0; at < expected.length; ) {
    const chunk = await reader.read(1 + (next() % 20_000));
    ensure(chunk !== null, `the end came after ${at} of ${expected.length} bytes`);
    ensure(chunk.equals(expected.subarray(at, at + chunk.length)), `other bytes than were sent, from ${at} on`);
    at += chunk.length;
  }
}

/** Checks by name; each gets a new pair. */
export const twoWayChecks: Record<string, (a: ByteStream, b: ByteStream) => Promise<void>> = {
  async "both directions carry a mebibyte at once, in pieces"(a, b) {
    const next = numbers(7);
    const there = Buffer.from(Array.from({ length: DUPLEX_SIZE }, next));
    const back = Buffer.from(there).reverse();
    await Promise.all([
      sendInPieces(a, there, 1),
      sendInPieces(b, back, 2),
      receiveInPieces(a, back, 3),
      receiveInPieces(b, there, 4),
    ]);
  },
  async "a close is the peer's end"(a, b) {
    const closing = a.close();
    await ensureEnd(b);
    await b.close();
    await closing;
  },
};

/** Checks of streams with a half-close. */
export const halfCloseChecks: typeof twoWayChecks = {
  async "what is written before the end arrives, and the other direction stays open"(a, b) {
    for (const [s, r] of [
      [a, b],
      [b, a],
    ] as const) {
      await s.writer.write("x");
      await s.writer.end();
      await ensureReads(r, "x");
      await ensureEnd(r);
      await ensureClosed(s.writer.write("y"), "a write after the end");
      await ensureClosed(s.writer.write(""), "an empty write after the end");
      await s.writer.end();
    }
  },
  async "an end with data sends it first"(a, b) {
    await Promise.all([a.writer.end(["last ", "words"]), ensureReads(b, "last words")]);
    await ensureEnd(b);
    await Promise.all([b.writer.end("answer"), ensureReads(a, "answer")]);
    await ensureEnd(a);
  },
  async "an end waits behind what is written"(a, b) {
    const written = await clog(a);
    const ending = a.writer.end();
    ensure(await isPending(ending), "an end must wait while the peer does not read");
    await ensureClosed(a.writer.write("y"), "a write after the end");
    const [read] = await Promise.all([countToEnd(b), ending]);
    ensure(read === written, `${written} bytes were written, ${read} read`);
    await Promise.all([b.writer.end("still open"), ensureReads(a, "still open")]);
  },
  async "a read after the own end still waits for the peer"(a, b) {
    await a.writer.end();
    await ensureEnd(b);
    const reading = a.reader.read();
    ensure(await isPending(reading), "a read of nothing must wait");
    await b.writer.write("z");
    ensure((await reading)?.toString() === "z", "the read must get what came after the own end");
  },
};
