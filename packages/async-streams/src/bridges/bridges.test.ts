import { once } from "node:events";
import { createReadStream } from "node:fs";
import http from "node:http";
import { Duplex, PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { TransformStream } from "node:stream/web";
import { createGunzip, createGzip } from "node:zlib";
import { describe, expect, it } from "vitest";
import { failureOf, fill, readToEnd, stateOf, tcpPair, turn } from "../../test/pairs.ts";
import type { ByteStream } from "../byte-stream.ts";
import { lines } from "../codecs/lines.ts";
import { framed } from "../framed.ts";
import { startServer } from "../server.ts";
import { memoryPair } from "../testing/memory-pair.ts";
import { fromDuplex } from "./from-duplex.ts";
import { fromWeb } from "./from-web.ts";
import { pipe } from "./pipe.ts";
import { toDuplex } from "./to-duplex.ts";
import { toWeb } from "./to-web.ts";

describe("fromDuplex", () => {
  it("puts codecs over any Duplex of bytes", async () => {
    const stream = fromDuplex(Duplex.from({ readable: createGunzip(), writable: new PassThrough() }));
    await stream.close({ timeout: 0 });
    const gzip = createGzip();
    const zipped = fromDuplex(gzip);
    void zipped.writer.end("one\ntwo\n".repeat(10_000));
    const bytes = await readToEnd(zipped);
    expect(bytes.length).toBeLessThan(1_000);
    const items = framed(fromDuplex(createGunzip()), lines());
    void items.send("x");
    expect(await failureOf(items.receive())).toMatchObject({ code: "Z_DATA_ERROR" });
  });

  it("makes network errors of Node.js SocketErrors, and gives them after the data", async () => {
    const inner = new PassThrough();
    const stream = fromDuplex(inner);
    inner.write("data");
    await turn();
    expect((await stream.reader.read())?.toString()).toBe("data");
    inner.destroy(Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET", errno: -104, syscall: "read" }));
    const expected = { name: "SocketError", code: "ECONNRESET", errno: -104, syscall: "read" };
    expect(await failureOf(stream.reader.read())).toMatchObject(expected);
    expect(await failureOf(stream.writer.write("x").then(() => stream.writer.flush()))).toMatchObject(expected);
    await failureOf(stream.close());
  });

  it("says when a Duplex was destroyed by others", async () => {
    const inner = new PassThrough();
    const stream = fromDuplex(inner);
    const reading = failureOf(stream.reader.read());
    inner.destroy();
    expect(await reading).toMatchObject({ code: "ERR_STREAM_DESTROYED" });
  });

  it.each<[unknown, string]>([
    [null, "duplex must be a Duplex of node:stream, got null"],
    [{ on() {} }, "duplex must be a Duplex of node:stream"],
    [new PassThrough({ objectMode: true }), "duplex must be one of bytes"],
    [new PassThrough().setEncoding("utf8"), "duplex must be one without an encoding, got 'utf8'"],
  ])("refuses what is no Duplex of bytes (%#)", (duplex, message) => {
    expect(() => fromDuplex(duplex as Duplex)).toThrow(message);
  });
});

describe("fromWeb", () => {
  it("reads and writes a TransformStream, and passes over empty chunks", async () => {
    const upper = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        controller.enqueue(new Uint8Array(0));
        controller.enqueue(Buffer.from(Buffer.from(chunk).toString().toUpperCase()));
      },
    });
    const stream = fromWeb(upper);
    void stream.writer.end("one\ntwo\n");
    expect(await stream.reader.readLine()).toBe("ONE");
    expect(await stream.reader.readLine()).toBe("TWO");
    expect(await stream.reader.readLine()).toBeNull();
  });

  it("gives what a stream fails with, to both sides", async () => {
    const broken = new TransformStream<Uint8Array, Uint8Array>({
      transform() {
        throw new Error("no good");
      },
    });
    const stream = fromWeb(broken);
    const reading = failureOf(stream.reader.read());
    await stream.writer.write("x");
    expect((await reading).message).toBe("no good");
    expect((await failureOf(stream.writer.end())).message).toBe("no good");
    const text = fromWeb(new TransformStream<never, never>({ start: (c) => c.enqueue("text" as never) }));
    expect((await failureOf(text.reader.read())).message).toBe("chunk must be a Uint8Array, got 'text'");
  });

  it("refuses what is no pair of streams", () => {
    expect(() => fromWeb(null as never)).toThrow("streams must be an object, got null");
    expect(() => fromWeb({} as never)).toThrow("streams.readable.getReader must be a function, got undefined");
    const streams = new TransformStream<Uint8Array, Uint8Array>();
    streams.readable.getReader();
    expect(() => fromWeb(streams)).toThrow(/locked/);
  });
});

describe("toDuplex", () => {
  it("goes through node:stream's pipeline, with what was not read yet", async () => {
    const { client, server } = await tcpPair();
    await server.writer.write("first line\nrest");
    expect(await client.reader.readLine()).toBe("first line");
    const duplex = toDuplex(client);
    const echoed = pipeline(createReadStream(import.meta.filename), duplex);
    const received = await readToEnd(server);
    expect(received.length).toBeGreaterThan(1_000);
    await server.writer.end(" of it");
    expect(await text(duplex)).toBe("rest of it");
    await Promise.all([echoed, server.close()]);
    await client.closed;
  });

  it("is a connection for http", async () => {
    const web = http.createServer((_request, response) => response.end("ok"));
    const server = await startServer({ address: "127.0.0.1", port: 0 }, async (connection) => {
      web.emit("connection", toDuplex(connection));
      await connection.closed;
    });
    const { port } = server.address as { port: number };
    const [response] = (await once(http.get({ host: "127.0.0.1", port, agent: false }), "response")) as [
      http.IncomingMessage,
    ];
    expect(await text(response)).toBe("ok");
    await server.close();
  });

  it("aborts when it is destroyed, and is destroyed by errors", async () => {
    const [a, b] = memoryPair();
    const duplex = toDuplex(a);
    duplex.destroy();
    await a.closed;
    expect(await failureOf(b.reader.read())).toMatchObject({ code: "ECONNRESET" });
    const [c, d] = memoryPair();
    const other = toDuplex(c);
    other.resume();
    d.abort();
    const [error] = (await once(other, "error")) as [Error];
    expect(error).toMatchObject({ code: "ECONNRESET" });
    expect(() => toDuplex({} as never)).toThrow("stream must be a stream with reader, writer, close and abort");
  });
});

describe("toWeb", () => {
  it("fills the consumer's buffer, and closes when both directions have ended", async () => {
    const { client, server } = await tcpPair();
    const { readable, writable } = toWeb(client);
    await server.writer.end("hello");
    const reader = readable.getReader({ mode: "byob" });
    const { value } = await reader.read(new Uint8Array(3));
    expect(Buffer.from(value!).toString()).toBe("hel");
    expect(Buffer.from((await reader.read(new Uint8Array(9))).value!).toString()).toBe("lo");
    expect((await reader.read(new Uint8Array(9))).done).toBe(true);
    const writer = writable.getWriter();
    await writer.write(Buffer.from("bye"));
    await writer.close();
    expect((await readToEnd(server)).toString()).toBe("bye");
    await server.close();
    await client.closed;
  });

  it("aborts on cancel", async () => {
    const [a, b] = memoryPair();
    await toWeb(a).readable.cancel();
    await a.closed;
    expect(await failureOf(b.reader.read())).toMatchObject({ code: "ECONNRESET" });
  });
});

describe("pipe", () => {
  it("connects both ways, respects half-close, and counts", async () => {
    const left = await tcpPair();
    const right = await tcpPair();
    const piping = pipe(left.server, right.client);
    await left.client.writer.end("request");
    expect((await readToEnd(right.server)).toString()).toBe("request");
    expect(await stateOf(piping)).toBe("pending");
    const answer = Buffer.alloc(3_000_000, "a");
    void right.server.writer.end(answer);
    expect((await readToEnd(left.client)).equals(answer)).toBe(true);
    await Promise.all([left.client.close(), right.server.close()]);
    expect(await piping).toEqual({ forth: 7, back: 3_000_000 });
    await Promise.all([left.server.closed, right.client.closed]);
  });

  it("slows a sender down to its receiver", async () => {
    const left = await tcpPair();
    const right = await tcpPair();
    const piping = failureOf(pipe(left.server, right.client));
    const written = await fill(left.client);
    expect(left.client.writer.buffered).toBeGreaterThan(0);
    expect(left.server.reader.buffered + right.client.writer.buffered).toBeLessThan(512 * 1024);
    void left.client.writer.end();
    expect((await readToEnd(right.server)).length).toBe(written);
    right.server.abort();
    await piping;
  });

  it("holds memory only while bytes move", async () => {
    const before = process.memoryUsage().arrayBuffers;
    const idle: { a: ByteStream; piping: Promise<unknown> }[] = [];
    for (let i = 0; i < 60; i++) {
      const [a, b] = memoryPair();
      const [c, d] = memoryPair();
      const piping = failureOf(pipe(b, c));
      await a.writer.write("ping");
      expect((await d.reader.readExactly(4)).toString()).toBe("ping");
      idle.push({ a, piping });
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(60 * 64 * 1024);
    for (const { a } of idle) a.abort();
    await Promise.all(idle.map(({ piping }) => piping));
  });

  it("aborts both when one breaks, and when its signal fires", async () => {
    const [a, b] = memoryPair();
    const [c, d] = memoryPair();
    const piping = failureOf(pipe(b, c));
    a.abort();
    expect(await piping).toMatchObject({ code: "ECONNRESET" });
    expect(await failureOf(d.reader.read())).toMatchObject({ code: "ECONNRESET" });

    const [e, f] = memoryPair();
    const [g] = memoryPair();
    const controller = new AbortController();
    const other = failureOf(pipe(f, g, { signal: controller.signal }));
    await turn();
    controller.abort(new Error("enough"));
    expect(await other).toMatchObject({ name: "AbortError", cause: { message: "enough" } });
    await failureOf(e.reader.read());
    await Promise.all([f.closed, g.closed]);
    expect(await failureOf(pipe(f, g, { signal: AbortSignal.abort() }))).toMatchObject({ name: "AbortError" });
  });

  it("refuses what is no stream", async () => {
    const [a] = memoryPair();
    expect((await failureOf(pipe(null as never, a))).message).toMatch("a must be a stream with reader, writer");
    expect((await failureOf(pipe(a, {} as never))).message).toMatch("b must be a stream with reader, writer");
    expect((await failureOf(pipe(a, a, { signal: 1 as never }))).message).toMatch("signal must be an AbortSignal");
  });
});
