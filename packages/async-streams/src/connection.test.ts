import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { failureOf, fill, kinds, readToEnd, stateOf, tcpPair, turn } from "../test/pairs.ts";
import type { CloseOptions } from "./byte-stream.ts";

describe.each(kinds)("Connection over %s", (kind, pair) => {
  it("close sends what is buffered and then the end, and waits for the peer's end", async () => {
    const { client, server } = await pair();
    const kept = await fill(client);
    void client.writer.write("last words");
    const closing = client.close();
    expect(client.close()).toBe(closing);
    const received = await readToEnd(server);
    expect(received.length).toBe(kept + 10);
    expect(received.subarray(kept).toString()).toBe("last words");
    expect(await stateOf(closing)).toBe("pending");
    await server.close();
    await closing;
    await client.closed;
  });

  it("close with unread input loses nothing that was sent", async () => {
    const { client, server } = await pair();
    const sent = Buffer.alloc(2_000_000, "s");
    await client.writer.write(Buffer.alloc(100_000, "never read"));
    await client.writer.flush();
    await server.reader.read(10);
    void server.writer.write(sent);
    const closing = server.close();
    let received = 0;
    for (let chunk = await client.reader.read(1_000); chunk !== null; chunk = await client.reader.read(100_000)) {
      received += chunk.length;
      await client.writer.write("still talking");
      await turn();
    }
    expect(received).toBe(sent.length);
    await client.close();
    await closing;
  });

  it("close ends at its deadline when the peer never reads, and the peer does not see a whole stream", async () => {
    const { client, server } = await pair();
    await fill(client);
    const error = await failureOf(client.close({ timeout: 50 }));
    expect(error).toMatchObject({ name: "StreamError", code: "ERR_STREAM_TIMEOUT" });
    expect(error.message).toMatch(/^close: \d+ bytes were not sent within 50 ms$/);
    await client.closed;
    expect(client.socket.closed).toBe(true);
    // A Unix socket has no reset.
    if (kind === "TCP") expect(await failureOf(readToEnd(server))).toMatchObject({ code: "ECONNRESET" });
  });

  it("close ends at its deadline when the peer never ends, without an error", async () => {
    const { client, server } = await pair();
    await client.writer.write("all");
    await client.close({ timeout: 50 });
    expect((await readToEnd(server)).toString()).toBe("all");
  });

  it("close ends with an abort", async () => {
    const { client } = await pair();
    const closing = client.close({ timeout: 60_000 });
    await turn();
    expect(await stateOf(closing)).toBe("pending");
    client.abort();
    await closing;
  });

  it("close after an abort, and an abort after close, do nothing", async () => {
    const { client, server } = await pair();
    client.abort();
    await client.close();
    await server.close();
    server.abort();
    await server.close();
  });

  it("close wakes a read that waits", async () => {
    const { client, server } = await pair();
    const reading = client.reader.readLine();
    void server.close();
    expect(await reading).toBeNull();
    const other = server.reader.readLine();
    await client.close();
    expect(await failureOf(other)).toMatchObject({ code: "ERR_SOCKET_CLOSED" });
  });

  it("tells when it is closed, before and after", async () => {
    const { client, server } = await pair();
    const { closed } = client;
    expect(await stateOf(closed)).toBe("pending");
    await Promise.all([client.close(), server.close()]);
    await closed;
    await client.closed;
    expect(await stateOf(server.closed)).toBe("resolved");
  });

  it("abort drops what is buffered, wakes who waits, and the peer notices", async () => {
    const { client, server } = await pair();
    await fill(client);
    const reading = failureOf(client.reader.read());
    const { closed } = client;
    client.abort();
    client.abort();
    expect(await reading).toMatchObject({ name: "ClosedError" });
    await closed;
    if (kind === "TCP")
      expect(await failureOf(readToEnd(server))).toMatchObject({ code: "ECONNRESET", syscall: "recv" });
    else await readToEnd(server);
    expect(await failureOf(client.reader.read())).toMatchObject({ code: "ERR_SOCKET_CLOSED" });
  });

  it("reads what had arrived after it was closed", async () => {
    const { client, server } = await pair();
    await server.writer.write("one\ntwo\n");
    expect(await client.reader.readLine()).toBe("one");
    client.abort();
    expect(await client.reader.readLine()).toBe("two");
    expect(await failureOf(client.reader.readLine())).toMatchObject({ code: "ERR_SOCKET_CLOSED" });
  });

  it("closes at the end of `await using`, whatever happened", async () => {
    const { client, server } = await pair();
    const scope = async (): Promise<void> => {
      await using connection = client;
      void connection.writer.write("hello");
      throw new Error("inside");
    };
    const scoped = failureOf(scope());
    expect((await readToEnd(server)).toString()).toBe("hello");
    await server.close();
    expect((await scoped).message).toBe("inside");
    expect(client.socket.closed).toBe(true);
  });

  it.each<[unknown, string]>([
    [null, "options must be an object, got null"],
    [{ timeout: -1 }, "timeout must be an integer from 0 to 2147483647, got -1"],
    [{ timeout: "1" }, "timeout must be an integer from 0 to 2147483647, got '1'"],
  ])("refuses close(%o) and stays open", async (options, message) => {
    const { client, server } = await pair();
    expect(await failureOf(client.close(options as CloseOptions))).toMatchObject({ message });
    await client.writer.write("open\n");
    expect(await server.reader.readLine()).toBe("open");
  });

  it.runIf(process.platform === "linux")("leaves no descriptor behind", async () => {
    const count = (): number => readdirSync("/proc/self/fd").length;
    const { client: warm } = await pair();
    warm.abort();
    const before = count();
    for (let i = 0; i < 30; i++) {
      const { client, server } = await pair();
      if (i % 3 === 0) client.abort();
      await Promise.all([client.close(), server.close()]);
    }
    expect(count()).toBe(before);
  });
});

describe("Connection over TCP", () => {
  it("knows both addresses", async () => {
    const { client, server } = await tcpPair();
    expect(client.remoteAddress).toEqual(server.localAddress);
    expect(client.localAddress).toEqual(server.remoteAddress);
    client.abort();
    expect(() => client.localAddress).toThrow("the socket is closed");
  });

  it("reads the data before a reset, then the reset, again and again", async () => {
    const { client, server } = await tcpPair();
    await client.writer.write("whole\npart");
    await client.writer.flush();
    expect(await server.reader.readLine()).toBe("whole");
    client.abort();
    for (let i = 0; i < 2; i++) {
      expect(await failureOf(server.reader.readLine())).toMatchObject({ name: "SocketError", code: "ECONNRESET" });
    }
    expect((await server.reader.read())?.toString()).toBe("part");
    expect(await failureOf(server.reader.read())).toMatchObject({ code: "ECONNRESET" });
  });

  it("closes without an error when the peer has reset it and nothing was to be sent", async () => {
    const { client, server } = await tcpPair();
    client.abort();
    expect(await failureOf(server.reader.read())).toMatchObject({ code: "ECONNRESET" });
    await server.close();
    expect(server.socket.closed).toBe(true);
  });

  it("tells from close that buffered data was lost", async () => {
    const { client, server } = await tcpPair();
    await fill(client);
    server.abort();
    expect(await failureOf(client.close())).toMatchObject({ code: "ECONNRESET" });
    expect(client.socket.closed).toBe(true);
  });
});
