import { execFile } from "node:child_process";
import { getEventListeners } from "node:events";
import { promisify } from "node:util";
import { BusyError, ClosedError } from "@sockeye/socket-core";
import fc from "fast-check";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Endpoint } from "../src/index.ts";
import { bound, closedPort, connected, failure, loopback, pair, unusedPath } from "./endpoints.ts";

/** Fills the queue of a Unix receiver (net.unix.max_dgram_qlen), so that the next send waits; how many it took. */
async function fill(sender: Endpoint): Promise<number> {
  let sent = 0;
  for (; sender.socket.trySend("filler") !== null; sent++) expect(sent).toBeLessThan(10_000);
  return sent;
}

/** One turn of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

async function texts(receiver: Endpoint, count: number): Promise<string[]> {
  const seen: string[] = [];
  while (seen.length < count) seen.push((await receiver.receive({ timeout: 5000 })).data.toString());
  return seen;
}

describe("sendMany", () => {
  it("of 10,000 datagrams sends 10,000, and what does not arrive was dropped by the kernel", async () => {
    const { server, client } = await pair("IPv4", { receiveBuffer: 64 * 1024 });
    const datagrams = Array.from({ length: 10_000 }, (_, i) => ({ data: `datagram ${i}` }));
    expect(await client.sendMany(datagrams)).toBe(10_000);
    expect(client.statistics).toMatchObject({ sent: 10_000 });
    const received: string[] = [];
    // The last thing that arrives, once there is room.
    const end = async (): Promise<void> => client.send("end");
    for (;;) {
      const batch = await server.receiveMany({ timeout: 20 }).catch(() => undefined);
      if (batch === undefined) {
        await end();
        continue;
      }
      for (let i = 0; i < batch.length; i++) received.push(batch.data(i).toString());
      if (received.at(-1) === "end") break;
    }
    const { sent } = client.statistics;
    const { dropped } = server.statistics;
    expect(dropped).toBeGreaterThan(0);
    expect(received.length + dropped).toBe(sent);
    expect(server.statistics.received).toBe(received.length);
    // What arrived is in order.
    const numbers = received.filter((text) => text !== "end").map((text) => Number(text.slice(9)));
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  });

  it("loses none of 10,000 to a reader that keeps up, whatever their sizes", async () => {
    const { server, client } = await pair("Unix path");
    const datagrams = Array.from({ length: 10_000 }, (_, i) => ({ data: Buffer.alloc(i % 3000, i) }));
    const sending = client.sendMany(datagrams);
    for (let i = 0; i < 10_000; ) {
      const batch = await server.receiveMany({ timeout: 5000 });
      for (let j = 0; j < batch.length; j++, i++) expect(batch.data(j).equals(datagrams[i]!.data)).toBe(true);
    }
    expect(await sending).toBe(10_000);
    expect(client.statistics.bytesSent).toBe(datagrams.reduce((sum, { data }) => sum + data.length, 0));
  });

  it("sends to many peers in one call", async () => {
    const sender = await bound(loopback("IPv6"));
    const receivers = await Promise.all(Array.from({ length: 5 }, () => bound(loopback("IPv6"))));
    expect(await sender.sendMany(receivers.map((r, i) => ({ data: `for ${i}`, to: r.address })))).toBe(5);
    expect(sender.statistics.sendCalls).toBe(1);
    for (const [i, receiver] of receivers.entries()) expect(await texts(receiver, 1)).toEqual([`for ${i}`]);
  });

  it("sends none for an empty list, and takes any iterable", async () => {
    const { server, client } = await pair();
    expect(await client.sendMany([])).toBe(0);
    expect(await client.sendMany(new Set([{ data: "a" }, { data: "b" }]))).toBe(2);
    expect(await texts(server, 2)).toEqual(["a", "b"]);
  });

  it.each([
    [{ data: 5 as never }, "data"],
    [null as never, "datagram"],
    [{ data: "x", to: { address: "nowhere", port: 5 } }, "address"],
    [{ data: "x", to: 7 as never }, "to"],
  ])("sends what is before a bad datagram, and tells which it is: %o", async (bad, name) => {
    const { server, client } = await pair();
    const error = await failure(client.sendMany([{ data: "0" }, { data: "1" }, bad, { data: "3" }]));
    expect(error).toMatchObject({ code: "ERR_INVALID_ARG", index: 2 });
    expect(error.message).toContain(name);
    await client.send("after");
    expect(await texts(server, 3)).toEqual(["0", "1", "after"]);
  });

  it("refuses what is not a list", async () => {
    const { client } = await pair();
    expect(await failure(client.sendMany(5 as never))).toMatchObject({ code: "ERR_INVALID_ARG" });
  });

  it("sends what its own list sends meanwhile after the list", async () => {
    const { server, client } = await pair();
    const within: Promise<unknown>[] = [];
    function* list(): Generator<{ data: string }> {
      for (const data of ["1", "2"]) {
        within.push(client.send(`within ${data}`), client.sendMany([{ data: `list within ${data}` }]));
        yield { data };
      }
    }
    expect(await client.sendMany(list())).toBe(2);
    await Promise.all(within);
    expect(await texts(server, 6)).toEqual(["1", "2", "within 1", "list within 1", "within 2", "list within 2"]);
  });

  it("passes the error of the list itself on, after what came before it", async () => {
    const { server, client } = await pair();
    function* list(): Generator<{ data: string }> {
      yield { data: "before" };
      throw new Error("out of ideas");
    }
    expect(await failure(client.sendMany(list()))).toMatchObject({ message: "out of ideas", index: 1 });
    expect(await texts(server, 1)).toEqual(["before"]);
  });

  it("closes the iterator of the caller when it is over", async () => {
    const { client } = await pair("Unix path");
    let closed = 0;
    function* endless(): Generator<{ data: string }> {
      try {
        for (;;) yield { data: "x" };
      } finally {
        closed++;
      }
    }
    const sending = client.sendMany(endless());
    await client.close({ timeout: 1 });
    expect(await failure(sending)).toBeInstanceOf(ClosedError);
    expect(closed).toBe(1);
  });
});

describe("sends that wait", () => {
  it("keep their order, one by one, in batches and as segments", async () => {
    const { server, client } = await pair("Unix path");
    const filled = await fill(client);
    const sends = [
      client.send("1"),
      client.sendMany([{ data: "2" }, { data: "3" }]),
      client.sendSegments(Buffer.from("4456"), 2),
      client.send("7"),
      client.flush(),
    ];
    expect((await texts(server, filled + 6)).slice(filled)).toEqual(["1", "2", "3", "44", "56", "7"]);
    expect(await Promise.all(sends)).toEqual([undefined, 2, 2, undefined, undefined]);
  });

  it("keep their order whatever is sent in whatever way", async () => {
    const { server, client } = await pair("Unix abstract name");
    const step = fc.constantFrom("send", "sendMany", "sendSegments", "receive");
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
        let next = 0;
        let received = 0;
        const sends: Promise<unknown>[] = [];
        const text = (): string => String(next++).padStart(4, "0");
        const receive = async (): Promise<void> => {
          expect((await server.receive({ timeout: 5000 })).data.toString()).toBe(String(received).padStart(4, "0"));
          received++;
        };
        for (const step of steps) {
          if (step === "send") sends.push(client.send(text()));
          else if (step === "sendMany") sends.push(client.sendMany([{ data: text() }, { data: text() }]));
          else if (step === "sendSegments") sends.push(client.sendSegments(Buffer.from(text() + text() + text()), 4));
          else if (received < next) await receive();
        }
        while (received < next) await receive();
        await Promise.all(sends);
      }),
      { numRuns: 50 },
    );
  });

  it("are limited in number", async () => {
    const { server, client } = await pair("Unix path", {}, { maxQueuedSends: 2 });
    const filled = await fill(client);
    const waiting = [client.send("1"), client.send("2")];
    const error = await failure(client.send("3"));
    expect(error).toBeInstanceOf(BusyError);
    expect(error.message).toContain("2 sends already wait");
    expect((await texts(server, filled + 2)).slice(filled)).toEqual(["1", "2"]);
    await Promise.all(waiting);
  });

  it("end with the endpoint, which waits for them as long as it is told to", async () => {
    const { server, client } = await pair("Unix path");
    const filled = await fill(client);
    const sent = client.send("in time");
    const closing = client.close();
    expect((await texts(server, filled + 1)).at(-1)).toBe("in time");
    await Promise.all([sent, closing]);

    const other = await connected(server.address);
    await fill(other);
    const never = [other.send("too late"), other.send("too late as well")];
    await other.close({ timeout: 5 });
    for (const send of never) expect(await failure(send)).toBeInstanceOf(ClosedError);
  });

  it("do not keep the process busy", async () => {
    const { client } = await pair("Unix path");
    await fill(client);
    void client.send("waits");
    const before = process.cpuUsage();
    await failure(client.receive({ timeout: 200 }));
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(100);
  });
});

describe("a send that waits and is given up", () => {
  it("is not sent, in whatever way and whether it is the first to wait or not; the others are", async () => {
    const { server, client } = await pair("Unix path");
    const filled = await fill(client);
    const controller = new AbortController();
    const { signal } = controller;
    const memory = Buffer.from("memory");
    const first = client.send("first", undefined, { timeout: 1 });
    const second = client.send(memory, undefined, { signal });
    const kept = client.send("kept");
    const many = client.sendMany([{ data: "many" }], { signal });
    const segments = client.sendSegments(Buffer.from("segments"), 4, undefined, { signal });
    const last = client.send("last", undefined, { signal: new AbortController().signal, timeout: 60_000 });
    const flushed = client.flush({ timeout: 1 });
    expect(await failure(first)).toMatchObject({ code: "ERR_SOCKET_TIMEOUT", message: "send: not done within 1 ms" });
    expect(await failure(flushed)).toMatchObject({ message: "flush: not done within 1 ms" });
    controller.abort("enough");
    expect(await failure(second)).toMatchObject({ name: "AbortError", cause: "enough", code: "ABORT_ERR" });
    memory.fill("!");
    expect(await failure(many)).toMatchObject({ message: expect.stringMatching(/^sendMany/), index: 0 });
    expect(await failure(segments)).toMatchObject({ message: expect.stringMatching(/^sendSegments/), index: 0 });
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    expect((await texts(server, filled + 2)).slice(filled)).toEqual(["kept", "last"]);
    await Promise.all([kept, last, client.flush({ timeout: 5_000 })]);
    expect(await failure(server.receive({ timeout: 20 }))).toMatchObject({ code: "ERR_SOCKET_TIMEOUT" });
  });

  it("tells how many were sent before, and closes the list of the caller", async () => {
    const { server, client } = await pair("Unix path");
    let closed = false;
    function* endless(): Generator<{ data: string }> {
      try {
        for (let i = 0; ; i++) yield { data: String(i) };
      } finally {
        closed = true;
      }
    }
    const error = await failure(client.sendMany(endless(), { timeout: 50 }));
    const { index } = error as Error & { index: number };
    expect(error).toMatchObject({ code: "ERR_SOCKET_TIMEOUT", index: expect.any(Number) });
    expect(closed).toBe(true);
    expect(client.statistics.sent).toBe(index);
    expect(index).toBeGreaterThan(0);
    expect(await texts(server, index)).toEqual(Array.from({ length: index }, (_, i) => String(i)));
    await client.send("next");
    expect(await texts(server, 1)).toEqual(["next"]);
  });

  it("keeps the order of the others, whatever is given up when", async () => {
    const { server, client } = await pair("Unix abstract name");
    const step = fc.record({
      type: fc.constantFrom("send", "sendMany", "sendSegments", "receive", "turn"),
      timeout: fc.option(fc.integer({ min: 0, max: 3 }), { nil: null }),
      abortAfter: fc.option(fc.nat(3), { nil: null }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 60 }), async (steps) => {
        const sends: Promise<string[]>[] = [];
        const received: string[] = [];
        let next = 0;
        const text = (): string => String(next++).padStart(4, "0");
        for (const { type, timeout, abortAfter } of steps) {
          const controller = new AbortController();
          const options = { timeout, ...(abortAfter !== null && { signal: controller.signal }) };
          /** What is sent for certain: all, or what the error counts. */
          const sent = (list: string[], sending: Promise<unknown>): void => {
            sends.push(
              sending.then(
                () => list,
                (error) => {
                  expect(error.name).toMatch(/^(AbortError|TimeoutError)$/);
                  return list.slice(0, error.index ?? 0);
                },
              ),
            );
          };
          if (type === "turn") await turn();
          else if (type === "receive") {
            await server.receive({ timeout: 1 }).then(
              ({ data }) => received.push(data.toString()),
              () => {},
            );
          } else {
            const list = type === "send" ? [text()] : [text(), text(), text()];
            if (type === "send") sent(list, client.send(list[0]!, undefined, options));
            if (type === "sendMany")
              sent(
                list,
                client.sendMany(
                  list.map((data) => ({ data })),
                  options,
                ),
              );
            if (type === "sendSegments")
              sent(list, client.sendSegments(Buffer.from(list.join("")), 4, undefined, options));
          }
          if (abortAfter !== null) {
            for (let i = 0; i < abortAfter; i++) await turn();
            controller.abort();
          }
        }
        const expected = Promise.all(sends).then((lists) => lists.flat());
        let isOver = false;
        void expected.then(() => {
          isOver = true;
        });
        for (;;) {
          const wasOver = isOver;
          const datagram = await server.receive({ timeout: 5 }).catch(() => null);
          if (datagram !== null) received.push(datagram.data.toString());
          else if (wasOver) break;
        }
        expect(received).toEqual(await expected);
      }),
      { numRuns: 40 },
    );
  });

  it("hears of a signal that fires while its list is made", async () => {
    const { client } = await pair("Unix path");
    const filled = await fill(client);
    expect(filled).toBeGreaterThan(0);
    const controller = new AbortController();
    function* list(): Generator<{ data: string }> {
      yield { data: "x" };
      controller.abort("changed my mind");
    }
    const error = await failure(client.sendMany(list(), { signal: controller.signal }));
    expect(error).toMatchObject({ code: "ABORT_ERR", cause: "changed my mind", index: 0 });
  });

  it("checks its options before anything is sent", async () => {
    const { client } = await pair();
    const calls = {
      send: (options: object) => client.send("x", undefined, options),
      sendMany: (options: object) => client.sendMany([{ data: "x" }], options),
      sendSegments: (options: object) => client.sendSegments(Buffer.from("x"), 1, undefined, options),
      flush: (options: object) => client.flush(options),
    };
    for (const [name, call] of Object.entries(calls)) {
      expect(await failure(call({ signal: AbortSignal.abort("before") }))).toMatchObject({ cause: "before" });
      expect((await failure(call({ timeout: "1" }))).message).toBe("timeout must be milliseconds or null, got '1'");
      expect((await failure(call({ timeout: -1 }))).message).toContain("got -1");
      expect((await failure(call({ signal: {} }))).message, name).toBe("signal must be an AbortSignal, got {}");
      expect((await failure(call(5 as never))).message).toBe("options must be an object, got 5");
    }
    expect(client.statistics.sent).toBe(0);
  });

  it("makes neither timer nor listener where it need not wait", async () => {
    const { client } = await pair();
    const timers = vi.spyOn(globalThis, "setTimeout");
    onTestFinished(() => void vi.restoreAllMocks());
    const { signal } = new AbortController();
    const options = { signal, timeout: 60_000 };
    for (let i = 0; i < 10; i++) {
      void client.send("x", undefined, options);
      void client.sendMany([{ data: "x" }], options);
      void client.sendSegments(Buffer.from("xx"), 1, undefined, options);
    }
    expect(timers).not.toHaveBeenCalled();
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    await client.flush();
  });
});

describe("a send that fails and was dropped", () => {
  it("comes again at the next call, once", async () => {
    const { server, client } = await pair();
    void client.send(Buffer.alloc(70_000));
    expect(await failure(client.send("not sent"))).toMatchObject({ code: "EMSGSIZE" });
    await client.send("sent");
    expect((await server.receive({ timeout: 5000 })).data.toString()).toBe("sent");
  });

  it.each(["receive", "receiveMany", "flush"] as const)("comes again at %s", async (name) => {
    const { client } = await pair();
    void client.sendMany([{ data: Buffer.alloc(70_000) }]);
    expect(await failure(client[name]())).toMatchObject({ code: "EMSGSIZE", index: 0 });
    await client.flush();
  });

  it("does not when somebody looked, even later", async () => {
    const { client } = await pair();
    const early = client.send(Buffer.alloc(70_000));
    expect(await failure(early)).toMatchObject({ code: "EMSGSIZE" });
    await client.flush();
    const late = client.sendSegments(Buffer.alloc(10), 0);
    await Promise.resolve();
    expect(await failure(late)).toMatchObject({ code: "ERR_INVALID_ARG" });
    await client.flush();
    await Promise.all([client.send(Buffer.alloc(70_000)).catch(() => {}), client.send("x")]).catch(() => {});
    await client.flush();
  });

  it("comes again when it failed after a wait", async () => {
    const { server, client } = await pair("Unix path");
    const filled = await fill(client);
    const first = client.send("first");
    void client.send(Buffer.alloc(50_000_000));
    const last = client.send("last");
    expect((await texts(server, filled + 2)).slice(filled)).toEqual(["first", "last"]);
    await Promise.all([first, last]);
    expect(await failure(client.flush())).toMatchObject({ code: "EMSGSIZE" });
  });

  it("never ends the process", async () => {
    const program = `
      import { bind, connect } from ${JSON.stringify(new URL("../dist/index.js", import.meta.url).href)};
      const turn = () => new Promise((resolve) => setImmediate(resolve));
      const closed = await bind({ address: "127.0.0.1", port: 0 });
      await closed.close();
      const refused = await connect({ address: "127.0.0.1", port: ${await closedPort()} });
      for (let i = 0; i < 10; i++) {
        refused.send("refused");
        refused.send(Buffer.alloc(70_000));
        refused.sendMany([{ data: Buffer.alloc(70_000) }]);
        refused.sendMany(7);
        refused.sendSegments(Buffer.alloc(10), 0);
        refused.send(undefined);
        closed.send("closed", { address: "127.0.0.1", port: 9 });
        await turn();
      }
      // Those that wait first, until the time is over, the signal fires or the endpoint closes; and one too many.
      const full = { path: ${JSON.stringify(unusedPath())} };
      const receiver = await bind(full);
      const sender = await connect(full, { maxQueuedSends: 4 });
      while (sender.socket.trySend("filler") !== null);
      const controller = new AbortController();
      sender.send("late", undefined, { timeout: 1 });
      sender.send("aborted", undefined, { signal: controller.signal });
      sender.send("first to wait");
      sender.sendMany([{ data: "second" }]);
      sender.send("too many");
      await turn();
      controller.abort();
      await sender.flush({ timeout: 5 }).catch(() => {});
      await sender.close({ timeout: 1 });
      await turn();
      console.log("the end");
      process.exit();
    `;
    const ended = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program]);
    expect(ended).toEqual({ stdout: "the end\n", stderr: "" });
  });
});

it("lets the event loop have a turn while it sends", async () => {
  const { client } = await pair();
  let turns = 0;
  const immediate = (): void => {
    turns++;
    if (turns < 1000) setImmediate(immediate);
  };
  setImmediate(immediate);
  for (let i = 0; i < 2000; i++) await client.send("x");
  expect(turns).toBeGreaterThan(3);
  const before = turns;
  await client.sendMany(Array.from({ length: 5000 }, () => ({ data: "x" })));
  await client.sendSegments(Buffer.alloc(5 << 20), 1000);
  expect(turns - before).toBeGreaterThan(5);
});
