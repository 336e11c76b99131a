import { connect as connectNet } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { closeAll, families, fill, listening, receiveExactly, streamPair, turn } from "../test/pairs.ts";
import { SO_LINGER, SOL_SOCKET } from "./constants.ts";

afterEach(closeAll);

describe.each(families)("closing with unread input over $name", (family) => {
  it("close() loses nothing that was sent", async () => {
    const [a, b] = await streamPair(family);
    await a.sendAll(Buffer.alloc(100_000, "never read"));
    await b.readable();
    await b.sendAll("the answer");
    b.close();
    expect(b.closed).toBe(true);
    expect(String(await receiveExactly(a, 10))).toBe("the answer");
    expect(await a.recv()).toBe(null);
  });

  it("finish() loses nothing, and resolves when the peer has ended", async () => {
    const [a, b] = await streamPair(family);
    await a.sendAll("never read");
    await b.sendAll("the answer");
    let finished = false;
    const finishing = b.finish().then(() => {
      finished = true;
    });
    await a.sendAll("nor this");
    expect(String(await receiveExactly(a, 10))).toBe("the answer");
    expect(await a.recv()).toBe(null);
    await turn();
    expect(finished).toBe(false);
    a.close();
    await finishing;
  });

  it("finish() waits no longer than it is told", async () => {
    const [a, b] = await streamPair(family);
    await b.finish({ timeout: 20 });
    expect(await a.recv()).toBe(null);
    await b.finish();
  });
});

describe("closing over TCP", () => {
  it("resets at once where SO_LINGER asks for it", async () => {
    const [a, b] = await streamPair();
    await a.sendAll("unread");
    await b.readable();
    b.setsockopt(SOL_SOCKET, SO_LINGER, Buffer.from(new Int32Array([1, 0]).buffer));
    b.close();
    await expect(a.recv()).rejects.toMatchObject({ code: "ECONNRESET" });
  });

  it("with a time in SO_LINGER waits elsewhere, not in this thread", async () => {
    const [a, b] = await streamPair();
    const sent = fill(a);
    a.setsockopt(SOL_SOCKET, SO_LINGER, Buffer.from(new Int32Array([1, 20]).buffer));
    const started = performance.now();
    a.close();
    expect(performance.now() - started).toBeLessThan(5_000);
    await receiveExactly(b, sent);
    expect(await b.recv()).toBe(null);
  });

  it("gives up a peer that never stops sending", async () => {
    const server = listening();
    const { port } = server.getsockname() as { port: number };
    const flood = connectNet({ host: "127.0.0.1", port, allowHalfOpen: true });
    const chunk = Buffer.alloc(1024 * 1024);
    const write = (): void => {
      while (flood.writable && flood.write(chunk));
    };
    flood
      .on("drain", write)
      .on("connect", write)
      .on("error", () => {});
    const { socket } = await server.accept();
    await socket.readable();
    const started = performance.now();
    const closed = new Promise((resolve) => flood.once("close", resolve));
    await Promise.all([socket.finish({ timeout: 60_000 }), closed]);
    expect(performance.now() - started).toBeLessThan(20_000);
    expect(flood.bytesWritten).toBeGreaterThan(16 * 1024 * 1024);
  });

  it("checks the timeout of finish", async () => {
    const [a] = await streamPair();
    for (const timeout of [-1, Number.NaN, "5", null]) {
      await expect(a.finish({ timeout: timeout as never })).rejects.toMatchObject({ code: "ERR_INVALID_ARG" });
    }
    expect(a.closed).toBe(false);
  });
});
