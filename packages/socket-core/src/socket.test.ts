import { once } from "node:events";
import { statSync } from "node:fs";
import { connect as connectNet, createServer as createNetServer } from "node:net";
import { afterEach, describe, expect, it, test } from "vitest";
import { closeAll, families, freshPath, IPv4, listening, receiveAll, streamPair, track } from "../test/pairs.ts";
import { AF_INET, AF_INET6, AF_UNIX, IPPROTO_TCP, SHUT_RDWR, SHUT_WR, SOCK_DGRAM, SOCK_STREAM } from "./constants.ts";
import { ClosedError, SocketError, UnsupportedError } from "./errors.ts";
import { Socket } from "./socket.ts";

afterEach(closeAll);

describe("a socket", () => {
  it("is of TCP by default", () => {
    const socket = track(new Socket());
    expect([socket.family, socket.type, socket.protocol, socket.closed]).toEqual([AF_INET, SOCK_STREAM, 0, false]);
    expect(socket.fileno()).toBeGreaterThan(2);
    expect(track(new Socket(AF_INET6, SOCK_STREAM, IPPROTO_TCP)).protocol).toBe(IPPROTO_TCP);
  });

  test.each<[unknown[], new (...args: never[]) => Error, string]>([
    [["AF_INET"], TypeError, "family must be an integer"],
    [[AF_INET, 1.5], RangeError, "type must be an integer"],
    [[AF_INET, SOCK_STREAM, -5], RangeError, "protocol must be an integer from 0 to 65535, got -5"],
    [[-1], UnsupportedError, "family: "],
    [[AF_INET, SOCK_STREAM, 17], SocketError, "socket EPROTONOSUPPORT"],
    [[9999], SocketError, "socket EAFNOSUPPORT"],
  ])("is not made of %j", (args, type, message) => {
    expect(() => Reflect.construct(Socket, args)).toThrow(type);
    expect(() => Reflect.construct(Socket, args)).toThrow(message);
  });

  it("is disposable", async () => {
    const socket = new Socket();
    socket[Symbol.dispose]();
    expect(socket.closed).toBe(true);
    const [a, b] = await streamPair();
    const ending = a[Symbol.asyncDispose]();
    expect(a.closed).toBe(true);
    expect(await b.recv()).toBe(null);
    b.close();
    await ending;
  });

  it("chains ref and unref", () => {
    const socket = track(new Socket());
    expect(socket.unref().ref()).toBe(socket);
  });

  test.each([0, 1, "true", null])("blocking is not %j", (value) => {
    const socket = track(new Socket());
    expect(() => {
      socket.blocking = value as never;
    }).toThrow(/blocking must be a boolean/);
  });
});

describe.each(families)("names over $name", (family) => {
  it("bind, listen and getsockname", () => {
    const socket = track(new Socket(family.family));
    const address = family.fresh();
    socket.bind(address);
    socket.listen();
    const name = socket.getsockname();
    if ("path" in name) {
      expect(name).toEqual(address);
      expect(statSync(name.path).isSocket()).toBe(true);
    } else {
      expect(name.address).toBe((address as { address: string }).address);
      expect(name.port).toBeGreaterThan(0);
    }
    const second = track(new Socket(family.family));
    expect(() => second.bind(name)).toThrow(expect.objectContaining({ code: "EADDRINUSE", syscall: "bind" }));
    expect(() => socket.getpeername()).toThrow(expect.objectContaining({ code: "ENOTCONN", syscall: "getpeername" }));
  });
});

describe("bind", () => {
  it("without an address is the wildcard, and localhost the loopback, without a lookup", () => {
    const bound = (family: number, address: object): unknown => {
      const socket = track(new Socket(family, SOCK_DGRAM));
      socket.bind(address as never);
      return (socket.getsockname() as { address: string }).address;
    };
    expect(bound(AF_INET, { port: 0 })).toBe("0.0.0.0");
    expect(bound(AF_INET6, { port: 0 })).toBe("::");
    expect(bound(AF_INET, { address: "localhost", port: 0 })).toBe("127.0.0.1");
    expect(bound(AF_INET6, { address: "localhost", port: 0 })).toBe("::1");
  });

  it("says which address is not of this machine", () => {
    const socket = track(new Socket());
    const refused = { code: "EADDRNOTAVAIL", syscall: "bind", address: "192.0.2.1", port: 0 };
    expect(() => socket.bind({ address: "192.0.2.1", port: 0 })).toThrow(expect.objectContaining(refused));
  });

  it.runIf(process.platform === "linux")("takes a name of the abstract namespace, which needs no file", async () => {
    const path = `\0sockeye-${freshPath()}`;
    const server = track(new Socket(AF_UNIX));
    server.bind({ path });
    server.listen();
    expect(server.getsockname()).toEqual({ path });
    const client = track(new Socket(AF_UNIX));
    const [{ socket, address }] = await Promise.all([server.accept(), client.connect({ path })]);
    expect(address).toEqual({ path: "" });
    socket.close();
  });

  test.each([
    [undefined],
    ["127.0.0.1:80"],
    [{}],
    [{ port: -1 }],
    [{ host: "localhost", port: 1.5 }],
    [{ path: "/x" }],
  ])("refuses %j", (address) => {
    const socket = track(new Socket());
    expect(() => socket.bind(address as never)).toThrow(expect.objectContaining({ code: "ERR_INVALID_ARG" }));
  });
});

test.each([-1, 1.5, "5", Number.POSITIVE_INFINITY, null])("listen refuses a backlog of %j", (backlog) => {
  expect(() => track(new Socket()).listen(backlog as never)).toThrow(/backlog must be an integer/);
});

describe("shutdown", () => {
  it("ends one direction for the peer, and the other goes on", async () => {
    const [a, b] = await streamPair();
    a.shutdown(SHUT_WR);
    expect(await b.recv()).toBe(null);
    await b.sendAll("still");
    b.shutdown(SHUT_WR);
    expect(String(await receiveAll(a))).toBe("still");
  });

  it("of both directions wakes a read with the end", async () => {
    const [a] = await streamPair();
    const reading = a.recv();
    a.shutdown(SHUT_RDWR);
    expect(await reading).toBe(null);
  });

  it("checks its argument and says ENOTCONN", () => {
    const socket = track(new Socket());
    for (const how of [-1, 3, "1", undefined]) expect(() => socket.shutdown(how as never)).toThrow(/how must be/);
    expect(() => socket.shutdown(SHUT_WR)).toThrow(expect.objectContaining({ code: "ENOTCONN", syscall: "shutdown" }));
  });
});

describe("detach and fromFd", () => {
  it("hand a descriptor over, with everything that is known of it", async () => {
    const [a, b] = await streamPair();
    const waiting = a.recv();
    const fd = a.detach();
    await expect(waiting).rejects.toThrow(ClosedError);
    expect([a.closed, a.fileno()]).toEqual([true, -1]);
    a.close();
    const again = track(Socket.fromFd(fd));
    expect([again.family, again.type, again.fileno()]).toEqual([AF_INET, SOCK_STREAM, fd]);
    await b.sendAll("hello");
    expect(String(await again.recv())).toBe("hello");
    await again.sendAll("you");
    expect(String(await b.recv())).toBe("you");
  });

  it("hand a connection to node:net", async () => {
    const [a, b] = await streamPair();
    const { Socket: NetSocket } = await import("node:net");
    const net = new NetSocket({ fd: a.detach() });
    net.end("from node:net");
    expect(String(await receiveAll(b))).toBe("from node:net");
    b.close();
    await once(net, "close");
  });

  it("refuse what is no socket, not open, or somebody's", async () => {
    expect(() => Socket.fromFd(0x7ffffff)).toThrow(expect.objectContaining({ code: "EBADF", syscall: "fromFd" }));
    const file = await import("node:fs").then((fs) => fs.openSync(import.meta.filename, "r"));
    expect(() => Socket.fromFd(file)).toThrow(expect.objectContaining({ code: "ENOTSOCK" }));
    await import("node:fs").then((fs) => fs.closeSync(file));
    const socket = track(new Socket());
    expect(() => Socket.fromFd(socket.fileno())).toThrow(expect.objectContaining({ code: "EEXIST" }));
    for (const fd of [-1, 1.5, "3", null]) expect(() => Socket.fromFd(fd as never)).toThrow(/fd must be an integer/);
  });

  it("refuse a descriptor that node:net polls, which then goes on working", async () => {
    const server = createNetServer((peer) => peer.end("alive")).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { fd } = (server as unknown as { _handle: { fd: number } })._handle;
    expect(() => Socket.fromFd(fd)).toThrow(expect.objectContaining({ code: "EEXIST" }));
    const client = connectNet(server.address() as never);
    const [data] = await once(client, "data");
    expect(String(data)).toBe("alive");
    client.destroy();
    server.close();
  });
});

it("a second read after close() inside another's wake-up does not reach a reused descriptor", async () => {
  const server = listening(IPv4);
  for (let i = 0; i < 50; i++) {
    const client = track(new Socket());
    const [{ socket }] = await Promise.all([server.accept(), client.connect(server.getsockname())]);
    const fd = socket.fileno();
    const old = socket.recv().catch((error) => error.code);
    client.trySend("for the old one");
    socket.close();
    const next = track(new Socket(AF_INET, SOCK_DGRAM));
    expect(next.fileno()).toBeLessThanOrEqual(fd + 1);
    const reading = next.recv(1, { timeout: 1 }).catch((error) => error.code);
    expect(await old).toBe("ERR_SOCKET_CLOSED");
    expect(await reading).toMatch(/ERR_SOCKET_TIMEOUT|ENOTCONN/);
    client.close();
    next.close();
  }
});
