import { createServer } from "@sockeye/socket-core";
import { describe, expect, it, onTestFinished } from "vitest";
import { failureOf, temporaryPath } from "../test/pairs.ts";
import { openConnection } from "./connect.ts";
import { startServer } from "./server.ts";

const refused = { name: "SocketError", code: "ECONNREFUSED", syscall: "connect" };

describe("openConnection", () => {
  it.each([
    ["a name", (port: number) => ({ host: "localhost", port })],
    ["a literal as a host", (port: number) => ({ host: "127.0.0.1", port })],
    ["a literal", (port: number) => ({ address: "127.0.0.1", port })],
  ])("connects to %s", async (_name, target) => {
    const server = await startServer({ address: "127.0.0.1", port: 0 }, ({ writer }) => writer.write("hello"));
    onTestFinished(() => server.close());
    const { port } = server.address as { port: number };
    const connection = await openConnection(target(port));
    expect(connection.remoteAddress).toEqual({ address: "127.0.0.1", port });
    expect((await connection.reader.readExactly(5)).toString()).toBe("hello");
    await connection.close();
  });

  it("connects from an address of one's choice", async () => {
    const server = await startServer({ port: 0 }, ({ remoteAddress, writer }) =>
      writer.write(JSON.stringify(remoteAddress)),
    );
    onTestFinished(() => server.close());
    const { port } = server.address as { port: number };
    const connection = await openConnection(
      { address: "127.0.0.1", port },
      { source: { address: "127.0.0.2", port: 0 } },
    );
    expect(await connection.reader.readLine()).toContain('"address":"127.0.0.2"');
    await connection.close();
  });

  it("says who refused it", async () => {
    const listener = createServer({ address: "127.0.0.1", port: 0 });
    const address = listener.getsockname() as { address: string; port: number };
    listener.close();
    expect(await failureOf(openConnection(address))).toMatchObject({ ...refused, ...address });
    const path = temporaryPath();
    expect(await failureOf(openConnection({ path }))).toMatchObject({ code: "ENOENT", address: path });
  });

  it("says so when the connection is reset as soon as it stands", async () => {
    const server = await startServer({ address: "127.0.0.1", port: 0 }, (connection) => connection.abort());
    onTestFinished(() => server.close());
    for (let i = 0; i < 20; i++) {
      const error = await failureOf(
        (async () => (await openConnection(server.address as { address: string; port: number })).reader.read())(),
      );
      expect(error).toMatchObject({ name: "SocketError", code: "ECONNRESET" });
    }
  });

  it("gives up when its signal fires or its time is over, and leaves nothing open", async () => {
    const path = temporaryPath();
    const listener = createServer({ path }, { backlog: 0 });
    onTestFinished(() => listener.close());
    const first = await openConnection({ path });
    onTestFinished(() => first.abort());
    expect(await failureOf(openConnection({ path }, { timeout: 20 }))).toMatchObject({ name: "TimeoutError" });
    const controller = new AbortController();
    const connecting = failureOf(openConnection({ path }, { signal: controller.signal }));
    controller.abort("enough");
    expect(await connecting).toMatchObject({ name: "AbortError", cause: "enough" });
    expect(await failureOf(openConnection({ path }, { signal: controller.signal }))).toMatchObject({ cause: "enough" });
  });

  it.each<[string, unknown[], string]>([
    ["no address", [], "address must be { host, port }, { address, port } or { path }, got undefined"],
    ["options that are none", [{ port: 1, host: "localhost" }, null], "options must be an object, got null"],
    ["a bad limit", [{ port: 1, host: "localhost" }, { limit: 1.5 }], "limit must be an integer from 1"],
    ["a bad timeout", [{ port: 1, host: "localhost" }, { timeout: -1 }], "timeout must be milliseconds from 0"],
    ["a bad port", [{ port: -1, address: "127.0.0.1" }], "port must be an integer from 0 to 65535, got -1"],
  ])("refuses %s", async (_name, args, message) => {
    const error = await failureOf((openConnection as (...args: unknown[]) => Promise<unknown>)(...args));
    expect(error.message).toContain(message);
    expect(error.code).toBe("ERR_INVALID_ARG");
  });
});
