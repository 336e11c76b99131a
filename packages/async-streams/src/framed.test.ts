import { describe, expect, it } from "vitest";
import { FakeSource } from "../test/fake-source.ts";
import { failureOf, kinds, tcpPair, turn } from "../test/pairs.ts";
import type { ByteQueue } from "./byte-queue.ts";
import type { Codec } from "./codecs/codec.ts";
import { lines } from "./codecs/lines.ts";
import { ProtocolError } from "./errors.ts";
import { framed } from "./framed.ts";
import { Reader } from "./reader.ts";

/** A codec of one's own: a length in one byte, then so many bytes of text. */
const short: Codec<string> = {
  encode: (item) => [Uint8Array.of(Buffer.byteLength(item)), item],
  decode(queue: ByteQueue) {
    const length = queue.at(0);
    if (length === 255) throw new ProtocolError("a length of 255");
    if (length < 0 || queue.length <= length) return undefined;
    queue.skip(1);
    return queue.takeText(length);
  },
};

describe("framed", () => {
  it.each(kinds)("sends and receives items over %s", async (_kind, pair) => {
    const { client, server } = await pair();
    const one = framed(client, lines());
    const other = framed(server, lines());
    const items = ["first", "", "grün", "x".repeat(60_000), "last"];
    const sending = (async () => {
      for (const item of items) await one.send(item);
      await client.writer.end();
    })();
    const received: string[] = [];
    for await (const item of other) received.push(item);
    expect(received).toEqual(items);
    expect(await other.receive()).toBeNull();
    await sending;
  });

  it("keeps what was not read when the codec changes, and changes back", async () => {
    const { client, server } = await tcpPair();
    await client.writer.write([
      "HELLO\nSHORT\n",
      Uint8Array.of(3),
      "abc",
      Uint8Array.of(2),
      "d\nLINE\nRAW\n12345\nEND",
    ]);
    await client.writer.end();
    const asLines = framed(server, lines());
    const asShort = framed(server, short);
    expect(await asLines.receive()).toBe("HELLO");
    expect(await asLines.receive()).toBe("SHORT");
    expect(await asShort.receive()).toBe("abc");
    expect(await asShort.receive()).toBe("d\n");
    expect(await asLines.receive()).toBe("LINE");
    expect(await server.reader.readLine()).toBe("RAW");
    expect((await server.reader.readExactly(6)).toString()).toBe("12345\n");
    for await (const line of asLines) expect(line).toBe("END");
  });

  it("goes on after a cancelled receive, also when somebody else has taken what it had seen", async () => {
    const source = new FakeSource().feed("abc");
    const reader = new Reader(source);
    const connection = { reader, writer: {} as never };
    const asLines = framed(connection, lines());
    expect(await failureOf(asLines.receive({ timeout: 1 }))).toMatchObject({ name: "TimeoutError" });
    source.feed("def\n");
    expect(await asLines.receive()).toBe("abcdef");
    source.feed("abc");
    expect(await failureOf(asLines.receive({ timeout: 1 }))).toMatchObject({ name: "TimeoutError" });
    expect((await reader.read())?.toString()).toBe("abc");
    source.feed("x\nlong\n");
    expect(await asLines.receive()).toBe("x");
  });

  it("gives what a codec throws, and an end inside an item", async () => {
    const reader = new Reader(new FakeSource().feed(Uint8Array.of(1, 97, 255)));
    const items = framed({ reader, writer: {} as never }, short);
    expect(await items.receive()).toBe("a");
    expect(await failureOf(items.receive())).toMatchObject({ code: "ERR_STREAM_PROTOCOL", message: "a length of 255" });
    const cut = framed({ reader: new Reader(new FakeSource().feed("\x05ab").end()), writer: {} as never }, short);
    expect(await failureOf(cut.receive())).toMatchObject({
      name: "IncompleteReadError",
      expected: null,
      partial: Buffer.from("\x05ab"),
    });
    expect(await cut.receive()).toBeNull();
  });

  it("never ends the process with a send that is not awaited", async () => {
    const { client, server } = await tcpPair();
    const unhandled: unknown[] = [];
    const listen = (error: unknown): void => void unhandled.push(error);
    process.on("unhandledRejection", listen);
    try {
      const items = framed(client, lines());
      server.abort();
      for (let i = 0; i < 5; i++) {
        void items.send("into the void");
        void items.send("a\nb");
        await turn();
        await turn();
      }
      client.abort();
      void items.send("closed");
      await turn();
      await turn();
      expect(unhandled).toEqual([]);
      expect(await failureOf(items.send("again"))).toMatchObject({ syscall: expect.any(String) });
      expect(await failureOf(items.send("a\nb"))).toBeInstanceOf(RangeError);
    } finally {
      process.off("unhandledRejection", listen);
    }
  });

  it("refuses what is no connection and no codec", async () => {
    const { client } = await tcpPair();
    expect(() => framed({} as never, lines())).toThrow("connection must be a reader and a writer, got {}");
    expect(() => framed(client, {} as never)).toThrow("codec.decode must be a function, got undefined");
  });
});
