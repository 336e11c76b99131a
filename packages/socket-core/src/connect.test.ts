import { pbkdf2 } from "node:crypto";
import { promisify } from "node:util";
import { afterEach, describe, expect, it, test } from "vitest";
import {
  closeAll,
  datagramPair,
  families,
  freshPath,
  IPv4,
  listening,
  receiveExactly,
  track,
  turn,
  Unix,
} from "../test/pairs.ts";
import { AF_INET, AF_INET6, AF_UNIX, SOCK_DGRAM } from "./constants.ts";
import { AbortError, TimeoutError } from "./errors.ts";
import { Socket } from "./socket.ts";

afterEach(closeAll);

describe.each(families)("connect over $name", (family) => {
  it("stands when it resolves; both ends know each other", async () => {
    const server = listening(family);
    const client = track(new Socket(family.family));
    const [{ socket, address }] = await Promise.all([server.accept(), client.connect(server.getsockname())]);
    track(socket);
    expect(client.getpeername()).toEqual(server.getsockname());
    expect(socket.getpeername()).toEqual(client.getsockname());
    expect(address).toEqual(client.getsockname());
    expect(socket.getsockname()).toEqual(server.getsockname());
  });

  it("is ECONNREFUSED where nobody listens", async () => {
    const server = listening(family);
    const target = server.getsockname();
    server.close();
    const client = track(new Socket(family.family));
    const error = await client.connect(target).catch((error) => error);
    expect(error).toMatchObject({ name: "SocketError", code: "ECONNREFUSED", syscall: "connect" });
    const { address, path, port } = target as { address?: string; path?: string; port?: number };
    expect(error).toMatchObject({ address: path ?? address, ...(port === undefined ? {} : { port }) });
    expect(client.closed).toBe(false);
  });

  it("fixes the peer of a datagram socket, who is the only one heard", async () => {
    const [a, b, from, to] = datagramPair(family);
    const [stranger] = datagramPair(family);
    await a.connect(to);
    const refused = stranger.sendto("from a stranger", from).catch((error) => error.code);
    await b.sendto("from the peer", from);
    expect(String(await a.recv())).toBe("from the peer");
    if (family.family === AF_UNIX) expect(await refused).toBe("EPERM");
  });
});

describe("connect", () => {
  it("resolves a name first", async () => {
    const server = listening();
    const client = track(new Socket());
    const { port } = server.getsockname() as { port: number };
    await client.connect({ host: "localhost", port });
    expect(client.getpeername()).toEqual({ address: "127.0.0.1", port });
  });

  it("says which name does not resolve", async () => {
    const client = track(new Socket());
    const connecting = client.connect({ host: "no-such-name.invalid", port: 1 });
    await expect(connecting).rejects.toMatchObject({
      syscall: "getaddrinfo",
      address: "no-such-name.invalid",
      code: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/),
    });
    expect(client.closed).toBe(false);
  });

  it("is ENOENT for a path that is not there", async () => {
    const client = track(new Socket(AF_UNIX));
    await expect(client.connect({ path: freshPath() })).rejects.toMatchObject({ code: "ENOENT", syscall: "connect" });
  });

  it("waits for room in the queue of a Unix listener", async () => {
    const server = track(new Socket(AF_UNIX));
    server.bind(Unix.fresh());
    server.listen(0);
    const target = server.getsockname();
    await track(new Socket(AF_UNIX)).connect(target);
    const second = track(new Socket(AF_UNIX));
    const connecting = second.connect(target);
    await turn();
    track((await server.accept()).socket);
    await connecting;
    const { socket } = await server.accept();
    await track(socket).sendAll("welcome");
    expect(String(await receiveExactly(second, 7))).toBe("welcome");
  });

  it("is EISCONN the second time", async () => {
    const server = listening();
    const client = track(new Socket());
    await client.connect(server.getsockname());
    await expect(client.connect(server.getsockname())).rejects.toMatchObject({ code: "EISCONN" });
  });

  it("bounds the resolving too, and an abort then leaves the socket open", async () => {
    const client = track(new Socket());
    const target = { host: "no-such-name.invalid", port: 1 };
    // The resolver runs on the thread pool, which has other things to do first.
    const busy = Array.from({ length: 8 }, () => promisify(pbkdf2)("password", "salt", 200_000, 64, "sha512"));
    await expect(client.connect(target, { timeout: 5 })).rejects.toThrow(TimeoutError);
    const controller = new AbortController();
    const connecting = client.connect(target, { signal: controller.signal });
    controller.abort();
    await expect(connecting).rejects.toThrow(AbortError);
    expect(client.closed).toBe(false);
    await Promise.all(busy);
  });

  it("is a ClosedError when the socket is closed meanwhile, also while resolving", async () => {
    const server = listening();
    const { port } = server.getsockname() as { port: number };
    for (const target of [server.getsockname(), { host: "localhost", port }]) {
      const client = track(new Socket());
      const connecting = client.connect(target);
      client.close();
      await expect(connecting).rejects.toMatchObject({ code: "ERR_SOCKET_CLOSED" });
    }
  });

  test.each<[number, unknown, string]>([
    [AF_INET, undefined, "address must be { address, port }, got undefined"],
    [AF_INET, { port: 1 }, "address must be a string, got undefined"],
    [AF_INET, { address: "::1", port: 1 }, "address must be an IPv4 literal"],
    [AF_INET, { address: "localhost", port: 1 }, "address must be an IPv4 literal"],
    [AF_INET, { host: "", port: 1 }, "host must be a name or an address, got ''"],
    [AF_INET, { host: 5, port: 1 }, "host must be a string, got 5"],
    [AF_INET, { host: "localhost", port: -1 }, "port must be"],
    [AF_INET, { host: "::1", port: 1 }, "address must be an IPv4 literal"],
    [AF_INET6, { address: "::g", port: 1 }, "address must be an IPv6 literal"],
    [AF_UNIX, { host: "localhost", port: 1 }, "family must be AF_INET or AF_INET6 to resolve a host"],
  ])("family %i refuses %j", async (family, target, message) => {
    const client = track(new Socket(family, SOCK_DGRAM));
    await expect(client.connect(target as never)).rejects.toThrow(message);
    await expect(client.connect(target as never)).rejects.toMatchObject({ code: "ERR_INVALID_ARG" });
  });

  it("keeps working for the blocking = false style: what was sent is not lost at close", async () => {
    const server = listening(IPv4);
    const client = track(new Socket());
    client.blocking = false;
    await expect(client.connect(server.getsockname())).rejects.toMatchObject({ code: "EINPROGRESS" });
    await client.writable({ timeout: null });
    const { socket } = await server.accept();
    track(socket).trySend("unread");
    await client.readable({ timeout: null });
    client.trySend("last words");
    client.close();
    expect(String(await receiveExactly(socket, 10))).toBe("last words");
    expect(await socket.recv()).toBe(null);
  });
});
