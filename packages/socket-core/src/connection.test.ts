import { afterEach, describe, expect, it, test } from "vitest";
import { closeAll, families, listening, streamPair, track } from "../test/pairs.ts";
import { createConnection } from "./connection.ts";
import { AF_INET6, AF_UNIX } from "./constants.ts";
import { AbortError, TimeoutError } from "./errors.ts";
import { createServer } from "./listen.ts";
import { Socket } from "./socket.ts";

afterEach(closeAll);

describe.each(families)("createConnection over $name", (family) => {
  it("connects to a literal", async () => {
    const server = listening(family);
    const socket = track(await createConnection(server.getsockname()));
    expect(socket.family).toBe(family.family);
    expect(socket.getpeername()).toEqual(server.getsockname());
  });

  it("is ECONNREFUSED where nobody listens, and leaves nothing open", async () => {
    const server = listening(family);
    const target = server.getsockname();
    server.close();
    const first = new Socket();
    const fd = first.fileno();
    first.close();
    await expect(createConnection(target)).rejects.toMatchObject({ code: "ECONNREFUSED", syscall: "connect" });
    expect(track(new Socket()).fileno()).toBe(fd);
  });
});

describe("createConnection", () => {
  it("tries the addresses of a name in turn", async () => {
    const server = track(createServer({ address: "127.0.0.1", port: 0 }));
    const { port } = server.getsockname() as { port: number };
    const socket = track(await createConnection({ host: "localhost", port }));
    expect(socket.getpeername()).toEqual({ address: "127.0.0.1", port });
  });

  it("takes literals as host", async () => {
    const server = listening(families[1]);
    const { port } = server.getsockname() as { port: number };
    expect(track(await createConnection({ host: "::1", port })).family).toBe(AF_INET6);
  });

  it("connects from a source", async () => {
    const server = listening();
    // All of 127/8 is this machine's on Linux.
    const address = process.platform === "linux" ? "127.0.0.2" : "127.0.0.1";
    const socket = track(await createConnection(server.getsockname(), { source: { address, port: 0 } }));
    expect(socket.getsockname()).toMatchObject({ address });
    const used = socket.getsockname() as { address: string; port: number };
    await expect(createConnection(server.getsockname(), { source: used })).rejects.toMatchObject({
      code: "EADDRINUSE",
    });
  });

  it("ends with its signal or its time", async () => {
    const full = track(new Socket(AF_UNIX));
    full.bind(families[2]!.fresh());
    full.listen(0);
    track(await createConnection(full.getsockname()));
    await expect(createConnection(full.getsockname(), { timeout: 20 })).rejects.toThrow(TimeoutError);
    const controller = new AbortController();
    const connecting = createConnection(full.getsockname(), { signal: controller.signal });
    controller.abort(new Error("changed my mind"));
    await expect(connecting).rejects.toThrow(AbortError);
    await expect(createConnection(full.getsockname(), { signal: AbortSignal.abort() })).rejects.toThrow(AbortError);
  });

  test.each<[unknown, unknown, string]>([
    [undefined, {}, "address must be { host, port }, { address, port } or { path }, got undefined"],
    ["localhost:80", {}, "address must be"],
    [{}, {}, "port must be an integer"],
    [{ port: 80 }, {}, "address must be a string, got undefined"],
    [{ address: "example", port: 80 }, {}, "address must be an IPv4 literal"],
    [{ host: "localhost" }, {}, "port must be an integer"],
    [{ host: "localhost", port: 80 }, 5, "options must be an object, got 5"],
    [{ host: "localhost", port: 80 }, { timeout: "1s" }, "timeout must be milliseconds or null, got '1s'"],
    [{ host: "localhost", port: 80 }, { signal: 5 }, "signal must be an AbortSignal, got 5"],
    [{ host: "127.0.0.1", port: 80 }, { source: "127.0.0.1" }, "source must be { address, port }"],
  ])("refuses %j with %j", async (address, options, message) => {
    await expect(createConnection(address as never, options as never)).rejects.toThrow(message);
    await expect(createConnection(address as never, options as never)).rejects.toMatchObject({
      code: "ERR_INVALID_ARG",
    });
  });

  it("is usable at once", async () => {
    const [a, b] = await streamPair();
    a.trySend("x");
    expect(String(await b.recv())).toBe("x");
  });
});
