import { getEventListeners } from "node:events";
import type { Socket } from "@sockeye/socket-core";
import fc from "fast-check";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { failureOf, fill, kinds, readToEnd, stateOf, tcpPair, turn } from "../test/pairs.ts";
import { Writer } from "./writer.ts";

type Data = Parameters<Writer["write"]>[0];

/** Sizes around the limits at which a writer does something else: 16 KiB, 64 KiB. */
const size = fc.oneof(
  { weight: 6, arbitrary: fc.nat(300) },
  fc.integer({ min: 16_380, max: 16_390 }),
  fc.integer({ min: 65_530, max: 65_540 }),
  fc.integer({ min: 21_840, max: 21_850 }),
  fc.nat(200_000),
);
const unit = fc.constantFrom("a", "ü", "→", "🜚", "\ud83d", "\ude00");
const text = fc.tuple(size, unit, unit).map(([length, first, rest]) => first + rest.repeat(length / rest.length));
const bytes = fc.tuple(size, fc.nat(255)).map(([length, byte]) => Buffer.alloc(length, byte));
const part = fc.oneof(text, bytes);
const data: fc.Arbitrary<Data> = fc.oneof({ weight: 3, arbitrary: part }, fc.array(part, { maxLength: 5 }));

function encoded(written: Data): Buffer {
  const parts = Array.isArray(written) ? written : [written];
  return Buffer.concat(parts.map((each: string | Uint8Array) => Buffer.from(each as string)));
}

describe.each(kinds)("Writer over %s", (_kind, pair) => {
  it("sends what was written, in order, whatever it is and however it is awaited", async () => {
    const step = fc.record({ data, next: fc.constantFrom("await", "drop", "flush", "turn") });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), fc.boolean(), async (steps, slow) => {
        const { client, server } = await pair();
        const writing = (async () => {
          for (const { data, next } of steps) {
            const written = client.writer.write(data);
            if (next === "await") await written;
            if (next === "flush") await client.writer.flush();
            if (next === "turn") await turn();
          }
          await client.writer.end();
        })();
        if (slow) for (let i = 0; i < 10; i++) await turn();
        const received = await readToEnd(server);
        await writing;
        expect(received.equals(Buffer.concat(steps.map((each) => encoded(each.data))))).toBe(true);
        expect(client.writer.buffered).toBe(0);
        client.abort();
        server.abort();
      }),
      { numRuns: 60 },
    );
  });

  it("sends the small writes of a tick together", async () => {
    const { client, server } = await pair();
    for (let i = 0; i < 500; i++) void client.writer.write(`${i} `);
    await Promise.resolve();
    for (let i = 500; i < 1000; i++) void client.writer.write(Buffer.from(`${i} `));
    const all = Array.from({ length: 1000 }, (_, i) => `${i} `).join("");
    expect(client.writer.buffered).toBe(all.length);
    expect((await server.reader.read())?.toString()).toBe(all);
    expect(client.writer.buffered).toBe(0);
  });

  it("keeps the order of writes from callbacks of every sort", async () => {
    const { client, server } = await pair();
    const { writer } = client;
    const order: string[] = [];
    const put = (name: string): void => {
      order.push(name);
      void writer.write(name);
    };
    put("a");
    process.nextTick(put, "t");
    setImmediate(put, "i");
    setTimeout(put, 1, "o");
    queueMicrotask(() => put("m"));
    void writer.flush().then(() => put("f"));
    writer.write(Buffer.alloc(100_000, "L")).then(() => put("l"));
    order.push("L");
    put("b");
    while (order.length < 9) await turn();
    await writer.end();
    const received = (await readToEnd(server)).toString().replaceAll(/L+/g, "L");
    expect(received).toBe(order.join(""));
  });

  it("waits while the peer does not read, and holds no more than it must", async () => {
    const { client, server } = await pair();
    const kept = await fill(client);
    const { writer } = client;
    const before = writer.buffered;
    const chunk = Buffer.alloc(1_000, "w");
    let written = 0;
    const writers = Array.from({ length: 10 }, async () => {
      for (let i = 0; i < 200; i++) {
        written += chunk.length;
        await writer.write(chunk);
      }
    });
    for (let i = 0; i < 50; i++) await turn();
    expect(writer.buffered).toBe(before + written);
    expect(writer.buffered).toBeLessThanOrEqual(Math.max(before, 65_536) + 10 * chunk.length);
    const reading = readToEnd(server);
    await Promise.all(writers);
    await writer.end();
    const received = await reading;
    expect(received.length).toBe(kept + 2_000_000);
    expect(received.subarray(kept).every((byte) => byte === 119)).toBe(true);
  });

  it("ends the wait of a write or flush with its signal or timeout, and sends the data all the same", async () => {
    const { client, server } = await pair();
    const kept = await fill(client);
    const { writer } = client;
    const { buffered } = writer;
    const controller = new AbortController();
    const large = Buffer.alloc(200_000, "1");
    const aborted = writer.write(["small", large], { signal: controller.signal });
    const flushed = writer.flush({ signal: controller.signal });
    const late = writer.write(large, { timeout: 1 });
    const lateFlush = writer.flush({ timeout: 1 });
    controller.abort("enough");
    expect(await failureOf(aborted)).toMatchObject({ name: "AbortError", cause: "enough", code: "ABORT_ERR" });
    expect(await failureOf(flushed)).toMatchObject({ name: "AbortError", message: expect.stringMatching(/^flush/) });
    expect(await failureOf(late)).toMatchObject({ code: "ERR_SOCKET_TIMEOUT", message: "write: not done within 1 ms" });
    expect(await failureOf(lateFlush)).toMatchObject({ message: "flush: not done within 1 ms" });
    expect(writer.buffered).toBe(buffered + 400_005);
    // The bytes are the caller's again, though they are not sent yet.
    large.fill("2");
    const reading = readToEnd(server);
    await writer.write("end");
    await writer.end();
    const rest = (await reading).subarray(kept).toString();
    expect(rest.length).toBe(400_008);
    expect(rest).toMatch(/^small1+end$/);
  });

  it("writes nothing when the options are bad or the signal has fired", async () => {
    const { client } = await pair();
    const { writer } = client;
    const fired = AbortSignal.abort("before");
    for (const call of [writer.write.bind(writer, "x"), writer.flush.bind(writer)]) {
      expect(await failureOf(call({ signal: fired }))).toMatchObject({ name: "AbortError", cause: "before" });
      expect((await failureOf(call({ timeout: -1 }))).message).toBe(
        "timeout must be milliseconds from 0 to 2147483647, got -1",
      );
      expect((await failureOf(call({ signal: 5 as never }))).message).toBe("signal must be an AbortSignal, got 5");
      expect((await failureOf(call(5 as never))).message).toBe("options must be an object, got 5");
    }
    expect(writer.buffered).toBe(0);
  });

  it("makes neither timer nor listener for a write that need not wait, and leaves none behind", async () => {
    const { client, server } = await pair();
    const { writer } = client;
    const controller = new AbortController();
    const { signal } = controller;
    const set = vi.spyOn(globalThis, "setTimeout");
    const clear = vi.spyOn(globalThis, "clearTimeout");
    onTestFinished(() => void vi.restoreAllMocks());
    /** Those of this test that are made and not yet cleared. */
    const timers = (): number =>
      set.mock.results.filter(
        ({ value }, index) =>
          set.mock.calls[index]?.[1] === 61_234 && !clear.mock.calls.some(([timer]) => timer === value),
      ).length;
    for (let i = 0; i < 50; i++) void writer.write("small", { signal, timeout: 61_234 });
    expect(set).not.toHaveBeenCalled();
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    await writer.flush();
    await fill(client);
    const waiting = writer.write(Buffer.alloc(100_000), { signal, timeout: 61_234 });
    expect(timers()).toBe(1);
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    const reading = readToEnd(server);
    await waiting;
    expect(timers()).toBe(0);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    const broken = writer.write(Buffer.alloc(50_000_000), { signal, timeout: 61_234 });
    client.abort();
    await failureOf(broken);
    await reading.catch(() => {});
    expect(timers()).toBe(0);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  it("gives lent bytes back when they are with the kernel, also those in a list", async () => {
    const { client, server } = await pair();
    const kept = await fill(client);
    const large = Buffer.alloc(20_000, "1");
    const written = client.writer.write([large, "small"]);
    expect(await stateOf(written)).toBe("pending");
    const reading = readToEnd(server);
    await written;
    large.fill("2");
    await client.writer.end();
    expect((await reading).subarray(kept).toString()).toBe(`${"1".repeat(20_000)}small`);
  });

  it("copies small bytes: they may be reused at once", async () => {
    const { client, server } = await pair();
    const reused = Buffer.from("first");
    void client.writer.write(reused);
    reused.set(Buffer.from("2nd__"));
    await client.writer.end(reused);
    reused.fill("x");
    expect((await readToEnd(server)).toString()).toBe("first2nd__");
  });

  it("lets a large write finish although others go on writing", async () => {
    const { client, server } = await pair();
    await fill(client);
    let isDone = false;
    const large = client.writer.write(Buffer.alloc(50_000)).then(() => {
      isDone = true;
    });
    let others = 0;
    const chatter = Array.from({ length: 20 }, async () => {
      while (!isDone && others < 20_000) {
        others++;
        await client.writer.write(Buffer.alloc(4_000));
      }
    });
    const reading = readToEnd(server);
    await large;
    await Promise.all(chatter);
    expect(others).toBeLessThan(20_000);
    await client.writer.end();
    await reading;
  });

  it("writes nothing for nothing", async () => {
    const { client, server } = await pair();
    for (const nothing of ["", Buffer.alloc(0), [], ["", Buffer.alloc(0)]]) await client.writer.write(nothing);
    expect(client.writer.buffered).toBe(0);
    await client.writer.flush();
    await client.writer.write("x");
    await client.writer.end("");
    expect((await readToEnd(server)).toString()).toBe("x");
  });

  it("ends its half: what was written arrives, then the end, and reading goes on", async () => {
    const { client, server } = await pair();
    void client.writer.write("question");
    const ended = client.writer.end("?");
    expect(client.writer.end()).toBe(ended);
    expect(client.writer.closed).toBe(true);
    expect((await readToEnd(server)).toString()).toBe("question?");
    await ended;
    for (const late of [client.writer.write("late"), client.writer.end("late")]) {
      expect(await failureOf(late)).toMatchObject({ name: "StreamClosedError", code: "ERR_STREAM_CLOSED" });
    }
    await server.writer.end("answer");
    expect((await readToEnd(client)).toString()).toBe("answer");
  });

  it("rejects what waits, and all that follows, when it is aborted", async () => {
    const { client } = await pair();
    await fill(client);
    const waiting = [client.writer.write(Buffer.alloc(50_000)), client.writer.flush(), client.writer.write("tail")];
    client.abort();
    for (const each of [waiting[0]!, waiting[1]!, client.writer.write("x"), client.writer.flush(), client.writer.end()])
      expect(await failureOf(each)).toMatchObject({ name: "ClosedError", code: "ERR_SOCKET_CLOSED" });
    expect(client.writer.closed).toBe(true);
    expect(client.writer.buffered).toBe(0);
  });

  it("rejects the write after an abort when nothing was pending", async () => {
    const { client } = await pair();
    client.abort();
    expect(client.writer.closed).toBe(true);
    expect(await failureOf(client.writer.write("x"))).toMatchObject({ code: "ERR_SOCKET_CLOSED" });
    expect(await failureOf(client.writer.end())).toMatchObject({ code: "ERR_SOCKET_CLOSED" });
  });
});

describe("Writer", () => {
  it("gives the errors of dropped writes again, and never ends the process", async () => {
    const { client, server } = await tcpPair();
    const unhandled: unknown[] = [];
    const listen = (error: unknown): void => void unhandled.push(error);
    process.on("unhandledRejection", listen);
    try {
      await fill(client);
      void client.writer.write("dropped");
      void client.writer.write(Buffer.alloc(100_000));
      void client.writer.flush();
      server.abort();
      while (!client.writer.closed) await turn();
      void client.writer.write("dropped too");
      void client.writer.end("and the end");
      await turn();
      expect(unhandled).toEqual([]);
      for (const call of [client.writer.write("x"), client.writer.flush(), client.writer.end()])
        expect(await failureOf(call)).toMatchObject({ name: "SocketError", code: "ECONNRESET" });
      expect(client.writer.buffered).toBe(0);
    } finally {
      process.off("unhandledRejection", listen);
    }
  });

  /** How much the kernel takes at a time cannot be told it. */
  it("resolves a write of lent bytes with the last of them, and one of copied bytes with the low-water mark", async () => {
    let sent = 0;
    const socket = {
      closed: false,
      trySend: (data: Uint8Array) => {
        const count = Math.min(data.length, 1_000);
        sent += count;
        return count;
      },
      writable: turn,
    };
    const writer = new Writer(socket as unknown as Socket);
    await writer.write([Buffer.alloc(50_000), "tail"]);
    expect(sent).toBe(50_004);
    await writer.write("x".repeat(70_000));
    expect(writer.buffered).toBeLessThanOrEqual(16_384);
    expect(writer.buffered).toBeGreaterThan(15_000);
    await writer.flush();
    expect(sent).toBe(120_004);
  });

  /** A peer that takes everything at once cannot be provoked: the kernel's buffers are in between. */
  it("lets others have a turn although the kernel takes all there is", async () => {
    let sent = 0;
    let waits = 0;
    const socket = {
      closed: false,
      trySend: (data: Uint8Array) => {
        sent += data.length;
        return data.length;
      },
      writable: () => {
        waits++;
        return turn();
      },
    };
    for (const chunk of ["small", Buffer.alloc(20_000)]) {
      const writer = new Writer(socket as unknown as Socket);
      sent = 0;
      waits = 0;
      let total = 0;
      let turns = 0;
      let next = setImmediate(function count() {
        turns++;
        next = setImmediate(count);
      });
      while (total < 16_000_000) {
        total += chunk.length;
        await writer.write(chunk);
      }
      clearImmediate(next);
      await writer.flush();
      expect(sent).toBe(total);
      expect(waits).toBeGreaterThan(10);
      expect(turns).toBeGreaterThan(10);
    }
  });

  it.each<[string, unknown]>([
    ["undefined", undefined],
    ["a number", 1],
    ["an ArrayBuffer", new ArrayBuffer(2)],
    ["a list with something else in it", ["a", 1]],
    ["a list in a list", [["a"]]],
  ])("refuses %s and writes nothing of it", async (_name, bad) => {
    const { client, server } = await tcpPair();
    const expected = {
      name: "TypeError",
      message: expect.stringMatching(/^data must be text or a Uint8Array, or a list/),
    };
    expect(await failureOf(client.writer.write(bad as never))).toMatchObject(expected);
    if (bad !== undefined) expect(await failureOf(client.writer.end(bad as never))).toMatchObject(expected);
    await client.writer.write("fine");
    await client.writer.end();
    expect((await readToEnd(server)).toString()).toBe("fine");
  });
});
