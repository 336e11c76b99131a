/** What holds in each direction: the first stream writes, the second reads. */
import type { ByteStream } from "../byte-stream.ts";
import {
  clog,
  countToEnd,
  ensure,
  ensureClosed,
  ensureEnd,
  ensureReads,
  failureOf,
  isPending,
  turn,
  writeUntilFailure,
} from "./assert.ts";

/** Checks by name; each gets a new pair. */
export const oneWayChecks: Record<string, (s: ByteStream, r: ByteStream) => Promise<void>> = {
  async "what is written is read"(s, r) {
    await Promise.all([s.writer.write("x"), ensureReads(r, "x")]);
  },
  async "a read that waits gets what is written later"(s, r) {
    const reading = r.reader.read();
    ensure(await isPending(reading), "a read of nothing must wait");
    await s.writer.write("late");
    ensure((await reading)?.toString() === "late", "the read must give what was written");
  },
  async "an empty write means nothing"(s, r) {
    await s.writer.write("");
    await s.writer.write([]);
    await s.writer.write(["", new Uint8Array(0)]);
    await Promise.all([s.writer.write("y"), ensureReads(r, "y")]);
  },
  async "text, bytes and lists of both can be written"(s, r) {
    await s.writer.write("ü");
    await s.writer.write(new Uint8Array([49]));
    await s.writer.write(Buffer.from("2"));
    await s.writer.write(["3", Buffer.from("4")]);
    await ensureReads(r, "ü1234");
  },
  async "what is no data is refused"(s, r) {
    await failureOf(s.writer.write(5 as never), "write(5)");
    await failureOf(s.writer.write([null] as never), "write([null])");
    await Promise.all([s.writer.write("ok"), ensureReads(r, "ok")]);
  },
  async "bytes may be reused after their write, small and large"(s, r) {
    const small = Buffer.from("small");
    const large = Buffer.alloc(300_000, "l");
    const reading = r.reader.readExactly(large.length + small.length);
    await s.writer.write(small);
    small.fill("-");
    await s.writer.write(large);
    large.fill("-");
    const read = await reading;
    ensure(!read.includes("-"), "bytes that were changed after their write must not be sent");
  },
  async "read takes only a length from 1"(_s, r) {
    for (const max of [-1, 0, 1.5, "1", null]) await failureOf(r.reader.read(max as number), `read(${max})`);
  },
  async "read gives at most what was asked for, and the rest later"(s, r) {
    await Promise.all([s.writer.write("abc"), r.reader.peek(3)]);
    ensure((await r.reader.read(2))?.toString() === "ab", "read(2) must give two of three bytes");
    ensure((await r.reader.read(2))?.toString() === "c", "the third byte must stay");
  },
  async "a second read while one waits is refused, and disturbs nothing"(s, r) {
    const reading = r.reader.read();
    const error = await failureOf(r.reader.read(), "a second read");
    ensure(error.code === "ERR_STREAM_BUSY", `a second read must reject with a StreamBusyError, got ${error}`);
    await s.writer.write("x");
    ensure((await reading)?.toString() === "x", "the first read must get the byte");
  },
  async "a cancelled read loses nothing"(s, r) {
    const cancelled = await failureOf(r.reader.read(10, { signal: AbortSignal.abort() }), "a read with a fired signal");
    ensure(cancelled.name === "AbortError", `it must be an AbortError, got ${cancelled}`);
    const controller = new AbortController();
    const waiting = failureOf(r.reader.readExactly(4, { signal: controller.signal }), "an aborted read");
    await s.writer.write("ab");
    await turn();
    controller.abort();
    ensure((await waiting).name === "AbortError", "an aborted read must reject with AbortError");
    const late = await failureOf(r.reader.readExactly(4, { timeout: 1 }), "a read with a timeout");
    ensure(late.name === "TimeoutError", `it must be a TimeoutError, got ${late}`);
    await Promise.all([s.writer.write("cd"), ensureReads(r, "abcd")]);
    await Promise.all([s.close(), r.close()]);
  },
  async "what was written before a close arrives, and then the end, again and again"(s, r) {
    void s.writer.write("y");
    const closing = s.close();
    await ensureReads(r, "y");
    for (let i = 0; i < 3; i++) await ensureEnd(r);
    ensure(r.reader.atEnd, "the reader must know that it is at its end");
    await r.close();
    await closing;
  },
  async "after the peer is gone writes fail, and go on failing"(s, r) {
    const [error] = await Promise.all([writeUntilFailure(s), r.abort()]);
    ensure(error.code !== "ERR_SOCKET_CLOSED", "it is the peer that is closed, not this side");
    await failureOf(s.writer.write("x"), "a write after a failure");
    await failureOf(s.writer.flush(), "a flush after a failure");
  },
  async "a write that is not awaited never ends the process"(s, r) {
    const unhandled: unknown[] = [];
    const listen = (error: unknown): void => void unhandled.push(error);
    process.on("unhandledRejection", listen);
    try {
      r.abort();
      await writeUntilFailure(s);
      void s.writer.write("dropped");
      void s.writer.flush();
      s.abort();
      void s.writer.write("dropped");
      for (let i = 0; i < 3; i++) await turn();
    } finally {
      process.off("unhandledRejection", listen);
    }
    ensure(unhandled.length === 0, `unhandled: ${unhandled[0]}`);
  },
  async "after an abort nothing can be read or written here"(s, r) {
    for (const stream of [s, r]) {
      stream.abort();
      await ensureClosed(stream.reader.read(), "a read after an abort");
      await ensureClosed(stream.writer.write("x"), "a write after an abort");
      await ensureClosed(stream.writer.write(""), "an empty write after an abort");
      ensure(stream.writer.closed, "the writer must know that it is closed");
    }
  },
  async "after a close nothing can be written here"(s, r) {
    await Promise.all([s.close(), r.close()]);
    await ensureClosed(s.writer.write("x"), "a write after a close");
    await ensureClosed(s.writer.write(""), "an empty write after a close");
    await ensureClosed(s.writer.end("x"), "an end with data after a close");
  },
  async "closing and aborting again is harmless"(s, r) {
    await Promise.all([s.close(), s.close(), r.close()]);
    await Promise.all([s.closed, r.closed]);
    s.abort();
    r.abort();
    await Promise.all([s.close(), r.close()]);
    await Promise.all([s.closed, r.closed]);
  },
  async "after an abort the peer reads no data, but an end or an error"(s, r) {
    s.abort();
    const found = await r.reader.read().catch(() => null);
    ensure(found === null, "nothing was written, and something was read");
  },
  async "an abort wakes a read that waits"(_s, r) {
    const reading = r.reader.read();
    ensure(await isPending(reading), "a read of nothing must wait");
    r.abort();
    await ensureClosed(reading, "a read during an abort");
    await r.closed;
  },
  async "a close without time closes all the same"(s, r) {
    for (const stream of [s, r]) {
      await stream.close({ timeout: 0 }).catch(() => {});
      await stream.closed;
      await ensureClosed(stream.writer.write("x"), "a write after a close");
    }
  },
  async "a writer waits for a slow reader, and nothing is lost"(s, r) {
    const written = await clog(s);
    const writes = [1, 2, 3].map(() => s.writer.write("w".repeat(100)));
    for (const write of writes) ensure(await isPending(write), "a write must wait while the peer does not read");
    const [read] = await Promise.all([countToEnd(r), ...writes, s.writer.end()]);
    ensure(read === written + 300, `${written + 300} bytes were written, ${read} read`);
  },
  async "an abort wakes writes that wait"(s) {
    await clog(s);
    const write = s.writer.write("x");
    const flush = s.writer.flush();
    ensure(await isPending(flush), "a flush must wait while the peer does not read");
    s.abort();
    await ensureClosed(write, "a write during an abort");
    await ensureClosed(flush, "a flush during an abort");
  },
  async "writes that wait end when the peer is gone"(s, r) {
    await clog(s);
    const write = s.writer.write("x");
    r.abort();
    await failureOf(write, "a write to a peer that is gone");
  },
  async "a close that cannot send everything fails at its deadline, and closes"(s) {
    await clog(s);
    await failureOf(s.close({ timeout: 10 }), "a close while the peer does not read");
    await s.closed;
  },
};
