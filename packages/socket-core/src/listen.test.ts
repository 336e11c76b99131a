import { afterEach, describe, expect, it, test } from "vitest";
import { closeAll, freshPath, track } from "../test/pairs.ts";
import { createConnection } from "./connection.ts";
import { AF_INET, AF_INET6, AF_UNIX, IPPROTO_IPV6, IPV6_V6ONLY } from "./constants.ts";
import { createServer } from "./listen.ts";

afterEach(closeAll);

describe("createServer", () => {
  test.each([
    [{ port: 0 }, {}, AF_INET, "0.0.0.0"],
    [{ address: "127.0.0.1", port: 0 }, {}, AF_INET, "127.0.0.1"],
    [{ address: "localhost", port: 0 }, {}, AF_INET, "127.0.0.1"],
    [{ address: "::1", port: 0 }, {}, AF_INET6, "::1"],
    [{ port: 0 }, { dualstack: true }, AF_INET6, "::"],
  ])("%j %j", (address, options, family, name) => {
    const server = track(createServer(address, options));
    expect([server.family, server.getsockname()]).toEqual([family, expect.objectContaining({ address: name })]);
  });

  it("listens on a path", () => {
    const path = freshPath();
    const server = track(createServer({ path }));
    expect([server.family, server.getsockname()]).toEqual([AF_UNIX, { path }]);
    expect(() => createServer({ path })).toThrow(expect.objectContaining({ code: "EADDRINUSE", address: path }));
  });

  it("serves IPv4 from an IPv6 socket only with dualstack", async () => {
    const both = track(createServer({ port: 0 }, { dualstack: true }));
    const { port } = both.getsockname() as { port: number };
    const [{ socket, address }] = await Promise.all([both.accept(), createConnection({ address: "127.0.0.1", port })]);
    expect(track(socket) && address).toMatchObject({ address: "::ffff:127.0.0.1" });
    const one = track(createServer({ address: "::", port: 0 }));
    expect(one.getsockopt(IPPROTO_IPV6, IPV6_V6ONLY)).toBe(1);
  });

  it("can be restarted on the port of connections that are just over", async () => {
    const server = createServer({ address: "127.0.0.1", port: 0 });
    const name = server.getsockname();
    const [{ socket }] = await Promise.all([server.accept(), createConnection(name).then(track)]);
    socket.close();
    server.close();
    track(createServer(name as { port: number }));
  });

  it("shares a port with reusePort", () => {
    const first = track(createServer({ address: "127.0.0.1", port: 0 }, { reusePort: true }));
    const name = first.getsockname() as { port: number };
    track(createServer(name, { reusePort: true }));
    expect(() => createServer(name)).toThrow(expect.objectContaining({ code: "EADDRINUSE" }));
  });

  test.each<[unknown, unknown, string]>([
    [undefined, {}, "address must be { port } or { path }, got undefined"],
    [8080, {}, "address must be"],
    [{}, {}, "port must be"],
    [{ address: "example.org", port: 0 }, {}, "address must be an IPv4 literal"],
    [{ port: 0 }, 5, "options must be an object"],
    [{ port: 0 }, { backlog: -1 }, "backlog must be"],
    [{ port: 0 }, { reusePort: 1 }, "reusePort must be a boolean, got 1"],
    [{ port: 0 }, { dualstack: "yes" }, "dualstack must be a boolean, got 'yes'"],
  ])("refuses %j with %j", (address, options, message) => {
    expect(() => createServer(address as never, options as never)).toThrow(message);
  });
});
